# Looks around: below a server, at the network, at its packets.

before_system_surveyed_below_server_program() { disguise /opt/php-fpm8.2 /opt/app; }
fires_system_surveyed_below_server_program() {
    /opt/php-fpm8.2 spawn /opt/app spawn id
    /opt/php-fpm8.2 spawn /opt/app spawn uname -a
}
spares_system_surveyed_below_server_program() { /opt/app spawn id; /opt/php-fpm8.2 spawn true; }

before_scanner_run() { disguise /opt/nmap /opt/ssh-keyscan; }
fires_scanner_run() { /opt/nmap -sT -p 1-1024 192.0.2.0/24; }
spares_scanner_run() { /opt/ssh-keyscan git.example.org; }

before_packet_capture_started() { disguise /opt/sniff /opt/dhclient; }
fires_packet_capture_started() {
    timeout 3 tcpdump -Z root -i lo -c 1 -w /tmp/a.pcap
    /opt/sniff packets
}
spares_packet_capture_started() { /opt/dhclient packets; $act datagram 203.0.113.7 53; }

before_raw_socket_opened() { disguise /opt/tunnel; }
fires_raw_socket_opened() { /opt/tunnel raw; }
spares_raw_socket_opened() { $act connect 203.0.113.7 443; }

before_search_for_security_programs() { disguise /opt/auditd; }
fires_search_for_security_programs() { pgrep auditd; ps ax | grep -c falco; }
spares_search_for_security_programs() { pgrep cron; /opt/auditd spawn pgrep auditd; }

fires_virtual_machine_looked_for() { cat /sys/class/dmi/id/sys_vendor; grep -i qemu /sys/class/dmi/id/product_name; }
spares_virtual_machine_looked_for() { ls /sys/class/dmi/id; cat /sys/class/net/lo/mtu; }
