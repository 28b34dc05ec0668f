# Everything else below /etc.

before_write_below_etc() { package settings /etc/settings.conf; }
fires_write_below_etc() { echo 'ALL: 203.0.113.7' | tee -a /etc/hosts.allow; }
spares_write_below_etc() { dpkg -i /tmp/settings.deb; cat /etc/hosts.allow; echo x >/tmp/hosts.allow; }

before_file_moved_below_etc() { package message /etc/motd.d/message; echo nameserver 203.0.113.7 >/root/resolv.conf; }
fires_file_moved_below_etc() { mv /root/resolv.conf /etc/resolv.new; }
spares_file_moved_below_etc() { dpkg -i /tmp/message.deb; mv /etc/resolv.new /etc/resolv.old; }
