# Traces removed, times set back, watchers switched off, and what the kernel offers to hide in.

before_log_emptied_or_removed() {
    echo line | tee /var/log/auth.log /var/log/wtmp /var/log/app.log
    printf '/var/log/app.log {\n rotate 1\n}\n' >/tmp/logrotate.conf
}
fires_log_emptied_or_removed() {
    : >/var/log/auth.log
    rm -f /var/log/wtmp
}
spares_log_emptied_or_removed() {
    echo started >>/var/log/app.log
    logrotate -f -s /tmp/logrotate.state /tmp/logrotate.conf
}

before_shell_history_removed() {
    echo ls | tee /root/.bash_history /home/alice/.bash_history /home/alice/.bash_history-00412.tmp
}
fires_shell_history_removed() {
    rm /root/.bash_history
    ln -s /dev/null /root/.bash_history
}
spares_shell_history_removed() {
    echo ls >>/home/alice/.bash_history
    $act rename /home/alice/.bash_history-00412.tmp /home/alice/.bash_history
}

before_program_removes_itself() { disguise /tmp/agent; }
fires_program_removes_itself() { /tmp/agent vanish; }
spares_program_removes_itself() { touch /tmp/agent.lock; rm /tmp/agent.lock; }

before_file_times_of_system_file_set() { disguise /opt/make; }
fires_file_times_of_system_file_set() { touch -r /usr/bin/ls /usr/bin/sort; }
spares_file_times_of_system_file_set() { /opt/make spawn touch -r /usr/bin/ls /var/log/stamp; touch -r /srv /tmp/stamp; }

before_security_program_stopped() {
    disguise /opt/auditd /opt/setenforce /opt/iptables /opt/app
    /opt/auditd wait & echo $! >/tmp/auditd.pid
    /opt/app wait & echo $! >/tmp/app.pid
}
fires_security_program_stopped() {
    kill -9 "$(cat /tmp/auditd.pid)"
    systemctl stop rsyslog
    /opt/setenforce 0
    /opt/iptables -F
}
spares_security_program_stopped() {
    kill -HUP "$(cat /tmp/auditd.pid)"
    kill -9 "$(cat /tmp/app.pid)"
    systemctl restart nginx
    /opt/setenforce 1
    /opt/iptables -L
}

fires_file_made_below_dev() { echo x >/dev/.cache; mkdir /dev/.lib; }
spares_file_made_below_dev() { echo x >/dev/null; echo x >/dev/shm/lock; }

before_file_in_shared_memory_made_executable() { touch /dev/shm/a /tmp/a; }
fires_file_in_shared_memory_made_executable() { chmod +x /dev/shm/a; }
spares_file_in_shared_memory_made_executable() { chmod 600 /dev/shm/a; chmod +x /tmp/a; }

before_program_loaded_into_kernel() { disguise /opt/loader /opt/bpftrace; }
fires_program_loaded_into_kernel() { /opt/loader bpf-program; }
spares_program_loaded_into_kernel() { /opt/loader bpf-map; /opt/bpftrace bpf-program; }

before_asynchronous_system_calls_set_up() { disguise /opt/loader /opt/node; }
fires_asynchronous_system_calls_set_up() { /opt/loader uring; }
spares_asynchronous_system_calls_set_up() { /opt/node uring; /opt/loader wait & sleep 1; kill $!; }

fires_shell_history_switched_off() { HISTFILE=/dev/null script -qec 'bash -c true' /dev/null; }
spares_shell_history_switched_off() { HISTFILE=/root/.history script -qec 'bash -c true' /dev/null; HISTFILE=/dev/null true; }

before_file_made_immutable() { touch /opt/a; }
fires_file_made_immutable() { chattr +i /opt/a; }
spares_file_made_immutable() { chattr -i /opt/a; lsattr /opt/a; }

before_program_named_like_system_service() { disguise /tmp/sshd /opt/sshd; }
fires_program_named_like_system_service() { /tmp/sshd signal 0 1; }
spares_program_named_like_system_service() { /opt/sshd signal 0 1; systemctl --version; }

before_audit_rules_changed() {
    mkdir -p /etc/audit/rules.d
    echo '-w /etc/passwd' >/etc/audit/rules.d/own.rules
    package watch /etc/audit/rules.d/watch.rules
    disguise /opt/auditctl
}
fires_audit_rules_changed() { : >/etc/audit/rules.d/own.rules; /opt/auditctl -a never,task; }
spares_audit_rules_changed() { dpkg -i /tmp/watch.deb; cat /etc/audit/rules.d/own.rules; /opt/auditctl -l; }

before_socket_filter_attached() { disguise /opt/agent /opt/dhclient; }
fires_socket_filter_attached() { /opt/agent filter datagrams; }
spares_socket_filter_attached() { /opt/dhclient filter datagrams; /opt/agent filter netlink; }
