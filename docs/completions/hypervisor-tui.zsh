#compdef hypervisor-tui
# Completion of hypervisor-tui for zsh: in a folder of $fpath, as _hypervisor-tui.
_arguments \
	'--config=[the configuration, in YAML]:file:_files' \
	'--screen=[the first screen]:screen:(logs dashboard network)' \
	'(--once --check)--tty=[draw on this device]:device:_files' \
	'(--plain --check --tty)--once[one frame as plain text]' \
	'(--json)--size=[columns and rows, with --once]:size:(80x24 132x43 200x60)' \
	'(--size)--json[with --once: JSON instead of the picture]' \
	'(--once --check)--plain[append lines instead of drawing]' \
	'(--once --plain --tty)--check[say what each source answers]' \
	'(- *)--version[write the version]' \
	'(- *)--help[write a summary of the flags]'
