# Passwords, keys and tokens: read, copied and looked for.

fires_password_hashes_read() { cat /etc/shadow; }
spares_password_hashes_read() { as_alice cat /etc/shadow; chage -l alice; cat /etc/passwd; }

before_private_key_read() {
    mkdir -p /home/alice/.ssh
    ssh-keygen -q -t ed25519 -N '' -f /home/alice/.ssh/id_ed25519
}
fires_private_key_read() { tar cf /tmp/k.tar -C /home/alice .ssh; }
spares_private_key_read() { cat /home/alice/.ssh/id_ed25519.pub; ssh-keygen -y -f /home/alice/.ssh/id_ed25519; }

before_cloud_credentials_read() {
    mkdir -p /home/alice/.aws
    echo 'aws_access_key_id = EXAMPLE' >/home/alice/.aws/credentials
    echo 'region = eu-south-1' >/home/alice/.aws/config
    disguise /opt/aws
}
fires_cloud_credentials_read() { cat /home/alice/.aws/credentials; }
spares_cloud_credentials_read() { /opt/aws read /home/alice/.aws/credentials; cat /home/alice/.aws/config; }

before_environment_of_another_process_read() { SECRET=hunter2 $act wait & echo $! >/tmp/service.pid; }
fires_environment_of_another_process_read() { tr '\0' '\n' <"/proc/$(cat /tmp/service.pid)/environ"; }
spares_environment_of_another_process_read() { ps eww -p "$(cat /tmp/service.pid)"; cat /proc/self/environ; }

before_memory_of_another_process_read() { $act wait & echo $! >/tmp/service.pid; }
fires_memory_of_another_process_read() {
    $act memory-read
    $act read "/proc/$(cat /tmp/service.pid)/mem"
}
spares_memory_of_another_process_read() { cat "/proc/$(cat /tmp/service.pid)/maps"; strace -o /tmp/calls true; }

fires_search_for_keys_and_passwords() {
    find /home -name id_rsa
    grep -r 'BEGIN OPENSSH PRIVATE' /srv
}
spares_search_for_keys_and_passwords() {
    find /var/log -name syslog.1
    grep -r 'PRIVATE_ROUTES' /srv
    ls /home/id_rsa
}

fires_link_to_secret_file_made() { ln -s /etc/shadow /tmp/notes.txt; }
spares_link_to_secret_file_made() { ln -s /usr/share/zoneinfo/Europe/Rome /tmp/localtime; ln -s /etc/hostname /tmp/name; }

before_input_device_read() {
    mkdir -p /dev/input
    mknod /dev/input/event3 c 1 3
    disguise /opt/klog /opt/Xorg
}
fires_input_device_read() { /opt/klog read /dev/input/event3; }
spares_input_device_read() { /opt/Xorg read /dev/input/event3; /opt/klog read /dev/urandom; }

before_browser_passwords_read() {
    mkdir -p /home/alice/.mozilla/firefox/a.default /home/alice/.config/chromium/Default
    echo '{}' >/home/alice/.mozilla/firefox/a.default/logins.json
    echo x >'/home/alice/.config/chromium/Default/Login Data'
    echo x >/home/alice/.mozilla/firefox/a.default/prefs.js
    disguise /opt/firefox
}
fires_browser_passwords_read() {
    cp /home/alice/.mozilla/firefox/a.default/logins.json /tmp/a
    cat '/home/alice/.config/chromium/Default/Login Data'
}
spares_browser_passwords_read() {
    /opt/firefox read /home/alice/.mozilla/firefox/a.default/logins.json
    cat /home/alice/.mozilla/firefox/a.default/prefs.js
}

before_password_store_read() {
    mkdir -p /home/alice/.password-store
    echo x | tee /home/alice/.password-store/bank.gpg /home/alice/keys.kdbx
    disguise /opt/keepassxc
}
fires_password_store_read() { cat /home/alice/keys.kdbx; tar cf /tmp/p.tar -C /home/alice .password-store; }
spares_password_store_read() { /opt/keepassxc read /home/alice/keys.kdbx; ls -l /home/alice/keys.kdbx; }

before_shell_history_read_by_command() { echo 'mysql -psecret' >/home/alice/.bash_history; }
fires_shell_history_read_by_command() { grep secret /home/alice/.bash_history; }
spares_shell_history_read_by_command() { echo ls >>/home/alice/.bash_history; ls -l /home/alice/.bash_history; }
