# Ways to become root, and ways into the memory of others.

fires_sudo_rules_written() { echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/90-a; }
spares_sudo_rules_written() { visudo -c; }

before_set_user_id_bit_given() {
    cp /bin/dash /var/tmp/sh
    script='chmod 4755 /usr/lib/helper/run'
    package helper /usr/lib/helper/run
}
fires_set_user_id_bit_given() { chmod u+s /var/tmp/sh; }
spares_set_user_id_bit_given() { chmod 755 /var/tmp/sh; dpkg -i /tmp/helper.deb; }

before_capability_given_to_file() { disguise /home/alice/bin/helper; }
fires_capability_given_to_file() { setcap cap_setuid+ep /home/alice/bin/helper; }
spares_capability_given_to_file() { setcap -v cap_net_raw+ep /bin/ping; getcap /bin/ping; }

before_known_flaw_of_privileged_program_used() { disguise /opt/pkexec; }
fires_known_flaw_of_privileged_program_used() {
    sudoedit -s 'AAAAAAAA\'
    /opt/pkexec
    GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A env true
}
spares_known_flaw_of_privileged_program_used() {
    EDITOR=true sudoedit -n /etc/motd
    /opt/pkexec true
    GLIBC_TUNABLES=glibc.malloc.check=3 env true
}

fires_memory_of_another_process_changed() { $act inject; }
spares_memory_of_another_process_changed() { $act traced; strace -o /tmp/calls true; }

before_page_faults_handled_by_ordinary_user() { disguise /opt/criu; }
fires_page_faults_handled_by_ordinary_user() { as_alice $act page-faults; }
spares_page_faults_handled_by_ordinary_user() { $act page-faults; as_alice /opt/criu page-faults; }
