# What is run in containers. Their shell, busybox's, runs its own commands without execve unless it is given a path.

fires_program_not_in_image_run_in_container() { in_web sh -c 'cp /app/thumbnail /tmp/helper; /tmp/helper'; }
spares_program_not_in_image_run_in_container() { in_web /app/thumbnail a.png; }

before_package_manager_run_in_container() { disguise /opt/apk; }
fires_package_manager_run_in_container() { in_web apk add nmap; }
spares_package_manager_run_in_container() { /opt/apk add nmap; in_web sh -c 'test -e /sbin/apk'; }

fires_interactive_shell_in_container() { at_terminal_of_web sh -c true; }
spares_interactive_shell_in_container() { in_web sh -c 'test -e /run/ready; true'; }

fires_system_surveyed_from_container_terminal() { at_terminal_of_web /app/thumbnail spawn sh -c "'/bin/whoami; /bin/ps; true'"; }
spares_system_surveyed_from_container_terminal() { in_web sh -c '/bin/whoami; true'; sh -c 'whoami; true'; }

fires_service_account_token_read_by_command() { in_web cat /var/run/secrets/kubernetes.io/serviceaccount/token; }
spares_service_account_token_read_by_command() {
    in_web /app/web read /var/run/secrets/kubernetes.io/serviceaccount/token
}
