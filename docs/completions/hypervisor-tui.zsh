#compdef hypervisor-tui
# Completion of hypervisor-tui for zsh: in a folder of $fpath, as _hypervisor-tui.
_arguments \
	'--config=[the configuration, in YAML]:file:_files' \
	'--screen=[the first screen]:screen:(logs dashboard network nodes)' \
	'(--once --check --record --serve --history)--tty=[draw on this device]:device:_files' \
	'(--plain --check --record --serve --history --tty)--once[one frame as plain text]' \
	'(--json)--size=[columns and rows, with --once]:size:(80x24 132x43 200x60)' \
	'(--size --metrics)--json[with --once or --history: JSON]' \
	'(--size --json --at)--metrics[with --once: the figures for Prometheus]' \
	'--at=[with --once or --history: a time of the past]:time:' \
	'(--once --plain --check --record --serve --tty)--history[write what has happened]' \
	'(--once --check --record --serve --history)--plain[append lines instead of drawing]' \
	'(--once --plain --check --serve --history --tty)--record[record what the console knows]' \
	'(--once --plain --check --record --history --tty)--serve[show it to others]' \
	'--listen=[with --serve: answer at this address, too]:address:' \
	'(--once --plain --record --serve --history --tty)--check[say what each source answers]' \
	'(- *)--version[write the version]' \
	'(- *)--help[write a summary of the flags]'
