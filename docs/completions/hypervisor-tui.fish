# Completion of hypervisor-tui for fish: below share/fish/vendor_completions.d.
complete -c hypervisor-tui -f
complete -c hypervisor-tui -l config -r -F -d 'the configuration, in YAML'
complete -c hypervisor-tui -l screen -x -a 'logs dashboard network' -d 'the first screen'
complete -c hypervisor-tui -l tty -r -F -d 'draw on this device'
complete -c hypervisor-tui -l once -d 'one frame as plain text'
complete -c hypervisor-tui -l size -x -a '80x24 132x43 200x60' -d 'columns and rows, with --once'
complete -c hypervisor-tui -l json -d 'with --once: JSON instead of the picture'
complete -c hypervisor-tui -l plain -d 'append lines instead of drawing'
complete -c hypervisor-tui -l check -d 'say what each source answers'
complete -c hypervisor-tui -l version -d 'write the version'
complete -c hypervisor-tui -l help -d 'write a summary of the flags'
