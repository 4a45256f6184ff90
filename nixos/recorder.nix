# The systemd service that records what the consoles show, without a terminal. As console.nix, a function of plain values.
{
  # The program, and its configuration, read again when systemd reloads the service.
  exe,
  configFile,
  # Where API servers are, as IPAddressAllow has it; it can talk to nobody else.
  apiAddresses,
}:
let
  # MiB. As in console.nix; it keeps few log entries, whatever logBufferSize says.
  heap = 48;
  slack = 48;
in
{
  description = "Flight recorder of the hypervisor console";
  documentation = [ "man:hypervisor-tui(1)" ];
  # It sees the boot from where there is a disk to write to, and ends before that is unmounted.
  wantedBy = [ "multi-user.target" ];
  after = [
    "local-fs.target"
    "systemd-sysusers.service"
  ];
  before = [ "shutdown.target" ];
  conflicts = [ "shutdown.target" ];
  unitConfig = {
    DefaultDependencies = false;
    # What goes wrong on the way to rescue.target is worth a record.
    IgnoreOnIsolate = true;
  };
  # There is nothing to fall back to: it goes on trying.
  startLimitIntervalSec = 0;

  environment = {
    LC_ALL = "C.UTF-8";
    GOMAXPROCS = "1";
    GOMEMLIMIT = "${toString heap}MiB";
  };

  serviceConfig = {
    Type = "notify-reload";
    ExecStart = "${exe} --record --config ${configFile}";
    User = "hypervisor-tui";
    Group = "hypervisor-tui";
    # /var/lib/hypervisor-tui, where history.path of the configuration is. Consoles read there as the user or its group.
    StateDirectory = "hypervisor-tui";
    StateDirectoryMode = "0750";

    StandardOutput = "journal";
    StandardError = "journal";

    Restart = "always";
    RestartSec = 5;
    # As the console's.
    WatchdogSec = 60;
    TimeoutStartSec = 60;
    # What is recorded goes onto the disk at the end, which a slow one takes long over.
    TimeoutStopSec = 15;
    KillMode = "mixed";

    MemoryMax = "${toString (heap + slack)}M";
    # What it writes is needed most after memory was short.
    OOMScoreAdjust = -500;
    TimerSlackNSec = "1ms";
  }
  // (if apiAddresses == [ ] then { } else { IPAddressAllow = apiAddresses; })
  // import ./hardening.nix;
}
