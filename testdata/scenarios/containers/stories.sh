# More than one rule, and none.

before_classic() {
    printf '#!/bin/bash\necho "ALL: 203.0.113.7" | tee -a /etc/hosts.allow\n' >/root/deploy.sh
    package settings /etc/settings.conf
}
tells_classic() {
    ping -c 1 -W 1 example.org
    curl -s -m 2 http://198.51.100.80/
    bash /root/deploy.sh
    dpkg -i /tmp/settings.deb
    in_web /app/thumbnail connect 203.0.113.20 443
    in_web sh -c '/app/thumbnail serve 6379 & sleep 1; /app/thumbnail connect 127.0.0.1 6379; kill $!'
}

# A day on which nothing happens: an upgrade, backups, jobs, logins, a container that serves.
before_ordinary() {
    script='useradd --system --home /var/lib/service _service; systemctl enable service.service; chmod 4755 /usr/lib/service/helper'
    package service /etc/service.conf /etc/cron.daily/service /etc/sudoers.d/service /etc/pam.d/service /etc/init.d/service \
        /usr/lib/systemd/system/service.service /usr/lib/udev/rules.d/60-service.rules /usr/sbin/service /usr/lib/service/helper
    ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_work
    printf '/var/log/service.log {\n rotate 2\n compress\n}\n' >/tmp/logrotate.conf
    echo started >/var/log/service.log
}
tells_ordinary() {
    dpkg -i /tmp/service.deb
    dpkg -r service
    ldconfig
    logrotate -f -s /tmp/logrotate.state /tmp/logrotate.conf
    run-parts --test /etc/cron.daily
    crontab -l
    tar -czf /tmp/backup.tar.gz -C / srv home etc/hostname
    tar -tzf /tmp/backup.tar.gz
    as_alice sh -c 'cd && mkdir -p work && cd work && echo "int x;" >x.c && sha256sum x.c && python3 -c "print(open(\"x.c\").read())"'
    ssh -o ConnectTimeout=2 -o BatchMode=yes -i /root/.ssh/id_work 10.20.0.7 true
    curl -s -m 2 -o /tmp/page http://198.51.100.80/
    ps aux
    find /var/log -name '*.gz'
    grep -r service /etc/cron.d
    df -h
    docker ps
    docker run --rm --name job registry.example.org/shop/web:4.1 /app/thumbnail b.png
    docker logs web
}
