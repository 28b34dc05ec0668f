# A real Docker engine in the sandbox, with two images made of busybox and the helper, and a container of each.
for module in overlay bridge veth; do modprobe $module; done
echo 1 >/proc/sys/net/ipv4/ip_forward
dockerd --iptables=false --ip6tables=false --storage-driver overlay2 >/log/dockerd 2>&1 &
until docker version >/dev/null 2>&1; do sleep 1; done

mkdir -p /tmp/image/app /tmp/image/tmp /tmp/image/sbin /tmp/image/usr/bin /tmp/image/mnt /tmp/image/var/run/secrets/kubernetes.io/serviceaccount /tmp/image/etc
mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/
for applet in sh cat cp echo head id kill ls mkdir mount nc nsenter ps sleep test true unshare whoami; do ln -s busybox /tmp/image/bin/$applet; done
for program in app/web app/thumbnail app/client sbin/apk usr/bin/ssh; do cp /scenarios/act /tmp/image/$program; done
echo 'root:x:0:0:root:/:/bin/sh' >/tmp/image/etc/passwd
echo secret >/tmp/image/var/run/secrets/kubernetes.io/serviceaccount/token
for image in registry.example.org/shop/web:4.1 registry.example.org/base/debug:13; do
    tar -C /tmp/image -c . | docker import - $image
done
docker run -d --name web registry.example.org/shop/web:4.1 /app/web wait
docker run -d --name debug --privileged --pid host -v /:/host -v /run/docker.sock:/run/docker.sock registry.example.org/base/debug:13 /app/web wait
