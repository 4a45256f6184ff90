#compdef hypervisor-tui
# Completion of hypervisor-tui for zsh: in a folder of $fpath, as _hypervisor-tui.
_arguments \
	'--config=[the configuration, in YAML]:file:_files' \
	'--screen=[the first screen]:screen:(logs dashboard network nodes checks)' \
	'(--once --check --record --serve --history --act --undo --plugin --blink)--tty=[draw on this device]:device:_files' \
	'(--plain --check --record --serve --history --tty --act --undo --plugin --blink)--once[one frame as plain text]' \
	'(--json)--size=[columns and rows, with --once]:size:(80x24 132x43 200x60)' \
	'(--size --metrics)--json[with --once or --history: JSON]' \
	'(--size --json --at)--metrics[with --once: the figures for Prometheus]' \
	'--at=[with --once or --history: a time of the past]:time:' \
	'(--once --plain --check --record --serve --tty --act --undo --plugin --blink)--history[write what has happened]' \
	'(--once --check --record --serve --history --act --undo --plugin --blink)--plain[append lines instead of drawing]' \
	'(--once --plain --check --serve --history --tty --act --undo --plugin --blink)--record[record what the console knows]' \
	'(--once --plain --check --record --history --tty --act --undo --plugin --blink)--serve[show it to others]' \
	'--listen=[with --serve: answer at this address, too]:address:' \
	'(--once --plain --check --record --serve --history --tty --undo --plugin --blink)--act[do what the console is asked for, as its helper]' \
	'(--once --plain --check --record --serve --history --tty --act --plugin --blink)--undo=[uncordon a node that was cordoned for a time]:node:' \
	'(--once --plain --check --record --serve --history --tty --act --undo --blink)--plugin=[run a plugin once]:plugin:' \
	'(--once --plain --check --record --serve --history --tty --act --undo --plugin)--blink=[let the light of a port blink]:interface:_net_interfaces' \
	'(--once --plain --record --serve --history --tty --act --undo --plugin --blink)--check[say what each source answers]' \
	'(- *)--version[write the version]' \
	'(- *)--help[write a summary of the flags]'
