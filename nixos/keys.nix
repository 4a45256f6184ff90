# The options of services.hypervisor-tui that are keys of the configuration file, by the same name.
[
  "refreshInterval"
  "logBufferSize"
  "kubeconfigPath"
  "quit"
  "theme"
  "screen"
]
