# Connections of containers.

fires_remote_login_from_container() { in_web ssh connect 10.20.0.7 22; }
spares_remote_login_from_container() { ssh -o ConnectTimeout=2 -o BatchMode=yes 10.20.0.7 true; in_web sh -c 'echo | nc 127.0.0.1 22'; }

fires_network_activity_in_container() { in_web /app/thumbnail connect 203.0.113.20 443; }
spares_network_activity_in_container() { in_web sh -c '/app/thumbnail serve 6379 & sleep 1; /app/thumbnail connect 127.0.0.1 6379; kill $!'; }
