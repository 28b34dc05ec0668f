# Inside containers, and ways out of them. "web" is an ordinary container, "debug" a privileged one with the host's processes, its
# root at /host and the engine's socket.

fires_release_agent_written() {
    in_debug sh -c 'mkdir -p /tmp/cg && echo /cmd >/tmp/cg/release_agent'
}
spares_release_agent_written() { in_web sh -c 'mkdir -p /tmp/cg && echo 1 >/tmp/cg/notify_on_release'; }

fires_kernel_control_file_written() {
    in_debug sh -c 'echo "|/tmp/x %p" >/proc/sys/kernel/core_pattern'
    in_debug sh -c 'echo "|/tmp/x %p" >/host/proc/sys/kernel/core_pattern'
}
spares_kernel_control_file_written() {
    sysctl -w kernel.core_pattern=core
    in_debug cat /proc/sys/kernel/core_pattern
}

fires_container_engine_socket_used_in_container() { in_debug /app/client unix /run/docker.sock; }
spares_container_engine_socket_used_in_container() {
    docker ps
    in_web sh -c '/app/thumbnail serve-unix /tmp/.s.PGSQL.5432 & sleep 1; /app/thumbnail unix /tmp/.s.PGSQL.5432; kill $!'
}

fires_namespace_of_another_process_entered() {
    in_debug nsenter --mount=/proc/1/ns/mnt true
    nsenter -t 1 -m -u true
}
spares_namespace_of_another_process_entered() {
    ip netns add blue
    ip netns exec blue true
    in_web ls -l /proc/1/ns
}

fires_file_system_mounted_in_container() { in_debug mount -t tmpfs none /mnt; }
spares_file_system_mounted_in_container() { mount -t tmpfs none /mnt; in_web mount; }

fires_user_namespace_made_in_container() { in_debug unshare -U true; }
spares_user_namespace_made_in_container() { in_debug unshare -n true; unshare -U true; }

fires_disk_of_host_opened_in_container() { in_debug head -c 512 /dev/vda; }
spares_disk_of_host_opened_in_container() { head -c 512 /dev/vda; in_web head -c 16 /dev/urandom; }

fires_privileged_container_started() { docker run --rm --name escape --privileged registry.example.org/base/debug:13 true; }
spares_privileged_container_started() { docker run --rm --name batch -v /srv:/srv registry.example.org/shop/web:4.1 true; }
