# The script that a login prompt runs when it ends, with the name of its terminal: a console that handed its terminal over,
# by exit status 3, gets it back. One that failed does not.
''
  console=hypervisor-tui@$1.service
  if [ "$(systemctl show -P ExecMainStatus "$console")" = 3 ]; then
    # Somebody who logs in often is no failing console.
    systemctl reset-failed "$console" || true
    # Refused where something else is about to take the terminal: rescue.target, a shutdown.
    systemctl start --no-block --job-mode=fail "$console" || true
  fi
''
