# What is left behind to come back: jobs, units, keys, accounts, libraries, modules. What comes close to it is the package
# manager doing the same.

fires_preload_configuration_written() { echo /lib/libselinux.so.9 >/etc/ld.so.preload; rm /etc/ld.so.preload; }
spares_preload_configuration_written() { cat /etc/ld.so.preload; : >/tmp/ld.so.preload; }

before_scheduled_job_written() { package job /etc/cron.daily/job; }
fires_scheduled_job_written() {
    echo '* * * * * root /opt/a' >/etc/cron.d/sync
    echo '* * * * * /opt/a' | crontab -
    ln -s /opt/a /etc/cron.hourly/a
}
spares_scheduled_job_written() {
    dpkg -i /tmp/job.deb
    crontab -l
}

before_service_unit_written() {
    echo '[Install]
WantedBy=multi-user.target' >/usr/lib/systemd/system/web.service
}
fires_service_unit_written() { printf '[Service]\nExecStart=/opt/a\n' >/etc/systemd/system/sync.service; }
spares_service_unit_written() { systemctl enable web.service; }

before_boot_script_written() { package starter /etc/init.d/starter; }
fires_boot_script_written() {
    echo '/opt/a &' >/etc/rc.local
    touch /tmp/a
    mv /tmp/a /etc/init.d/a
}
spares_boot_script_written() { dpkg -i /tmp/starter.deb; cat /etc/rc.local; }

before_device_rule_written() { package disks /usr/lib/udev/rules.d/60-disks.rules; }
fires_device_rule_written() { echo 'ACTION=="add", RUN+="/opt/a"' >/etc/udev/rules.d/90-a.rules; }
spares_device_rule_written() { dpkg -i /tmp/disks.deb; }

fires_shell_start_file_written() {
    echo 'alias sudo=/opt/a' >>/home/alice/.bashrc
    sed -i 's/^alias su=.*//' /home/alice/.bashrc
}
spares_shell_start_file_written() { vim.tiny -e -s -c 'normal oalias ll=ls' -c 'wq' /home/alice/.bashrc </dev/null; }

before_authorized_keys_written() { mkdir -p /root/.ssh; echo 'ssh-ed25519 AAAA someone' >/root/.ssh/authorized_keys; }
fires_authorized_keys_written() { echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 a' >>/root/.ssh/authorized_keys; }
spares_authorized_keys_written() { cat /root/.ssh/authorized_keys; echo host >>/root/.ssh/known_hosts; }

before_authentication_module_or_configuration_written() { package login-module /usr/lib/x86_64-linux-gnu/security/pam_own.so; }
fires_authentication_module_or_configuration_written() { echo 'auth sufficient pam_exec.so /opt/a' >>/etc/pam.d/common-auth; }
spares_authentication_module_or_configuration_written() { dpkg -i /tmp/login-module.deb; }

fires_account_files_written() { echo 'sync2:x:1001:0::/:/bin/sh' >>/etc/passwd; }
spares_account_files_written() { chage -M 90 alice; }

before_account_changed_by_command() { script='useradd --system _daemon'; package daemon /usr/lib/daemon/a; }
fires_account_changed_by_command() { usermod -aG sudo alice; }
spares_account_changed_by_command() { dpkg -i /tmp/daemon.deb; useradd --help; }

before_program_directory_changed() { package tool /usr/bin/tool; }
fires_program_directory_changed() { cp "$act" /usr/bin/lsof; }
spares_program_directory_changed() { dpkg -i /tmp/tool.deb; cp "$act" /usr/local/bin/tool; }

before_kernel_module_loaded() { cp "/lib/modules/$(uname -r)/kernel/drivers/net/dummy.ko" /opt/hide.ko; }
fires_kernel_module_loaded() { insmod /opt/hide.ko; }
spares_kernel_module_loaded() { insmod /etc/hostname; lsmod; }

before_package_source_changed() { package mirror /etc/apt/sources.list.d/mirror.list; }
fires_package_source_changed() {
    echo 'deb [trusted=yes] http://203.0.113.9/debian stable main' >/etc/apt/sources.list.d/a.list
    touch /tmp/key
    mv /tmp/key /etc/apt/trusted.gpg.d/a.gpg
}
spares_package_source_changed() { dpkg -i /tmp/mirror.deb; cat /etc/apt/sources.list.d/mirror.list; }

before_interpreter_start_file_written() { mkdir -p /usr/local/lib/python3.11/dist-packages; disguise /opt/pip3; }
fires_interpreter_start_file_written() {
    echo 'import os' >/usr/local/lib/python3.11/dist-packages/sitecustomize.py
    echo 'import os; os.getuid()' >/usr/local/lib/python3.11/dist-packages/zz.pth
}
spares_interpreter_start_file_written() {
    /opt/pip3 write /usr/local/lib/python3.11/dist-packages/tools.pth
    echo 'import os' >/usr/local/lib/python3.11/dist-packages/tools.py
}

before_trusted_certificate_installed() {
    mkdir -p /usr/local/share/ca-certificates /etc/ssl/certs
    package authority /usr/share/ca-certificates/own/own.crt
    touch /opt/own.pem
}
fires_trusted_certificate_installed() {
    echo certificate >/usr/local/share/ca-certificates/proxy.crt
    mv /opt/own.pem /etc/ssl/certs/own.pem
}
spares_trusted_certificate_installed() { dpkg -i /tmp/authority.deb; cat /usr/local/share/ca-certificates/proxy.crt; }

before_web_script_written_by_server_program() { mkdir -p /var/www/html; disguise /opt/php-fpm; }
fires_web_script_written_by_server_program() {
    /opt/php-fpm write /var/www/html/upload.php
    /opt/php-fpm spawn cp /etc/hostname /var/www/html/a.phtml
}
spares_web_script_written_by_server_program() {
    /opt/php-fpm write /var/www/html/photo.jpg
    echo '<?php phpinfo();' >/var/www/html/index.php
}
