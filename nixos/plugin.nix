# The systemd units that run a plugin: docs/plugins.md. As console.nix, a function of plain values.
{
  # Its name, which is also the folder of its result; see Nameable in plugin/plugin.go.
  name,
  # check, metrics, screen or scrape.
  kind,
  # Between the end of a run and the next, and at most for a run, such as 60s, 5m or 1h.
  interval,
  timeout,
  # Whose its processes and its result are.
  user,
  # The program that runs it and writes its result down, and its configuration.
  exe,
  configFile,
  # What goes before all that is said here of the service.
  serviceConfig ? { },
}:
let
  seconds =
    text:
    let
      parts = builtins.match "([0-9]+)([smh])" text;
      each.s = 1;
      each.m = 60;
      each.h = 3600;
    in
    builtins.fromJSON (builtins.head parts) * each.${builtins.elemAt parts 1};
  # A tenth of the interval: not all start at once.
  spread =
    let
      tenth = seconds interval / 10;
    in
    if tenth > 10 then 10 else tenth;
in
{
  service = {
    description = "Plugin ${name} of the hypervisor console";
    documentation = [ "man:hypervisor-tui(1)" ];
    startLimitIntervalSec = 0;
    # A switch does not wait for a run; its timer starts the next one.
    restartIfChanged = false;

    environment.LC_ALL = "C.UTF-8";

    serviceConfig = {
      Type = "oneshot";
      ExecStart = "${exe} --plugin ${name} --config ${configFile}";
      User = user;
      # In /run/hypervisor-tui-plugins, which is root's: the result, for all to read, until there is the next one.
      RuntimeDirectory = "hypervisor-tui-plugins/${name}";
      RuntimeDirectoryMode = "0755";
      RuntimeDirectoryPreserve = true;

      # The program ends what it runs at its time. This is for the case that it does not.
      TimeoutStartSec = seconds timeout + 10;
      # What has left its process group ends with the unit, whatever signals it ignores. With SIGTERM first, that would be a
      # failure of the unit.
      KillMode = "control-group";
      KillSignal = "SIGKILL";
      # Of a process that wants more memory than there is, the program says so.
      OOMPolicy = "continue";

      StandardOutput = "journal";
      StandardError = "journal";
      # What PID 1 says of each start and end stays out of the journal, and what the plugin says stays.
      LogLevelMax = "notice";
      SyslogLevel = "notice";

      # The program needs 8M of it.
      MemoryMax = "64M";
      MemorySwapMax = 0;
      # Its file is a mount of its own, into which check_disk may not look.
      MemoryPressureWatch = "off";
      TasksMax = 32;
      CPUQuota = "20%";
      Nice = 10;
      IOSchedulingClass = "idle";
    }
    // removeAttrs (import ./hardening.nix) (
      # Whom a check asks is its own affair.
      if kind == "scrape" then [ ] else [ "IPAddressDeny" ]
    )
    // {
      # What would make checks say what is not so stays left out:
      #   ProtectProc, ProcSubset  check_procs would count its own processes, check_swap have nothing to read
      #   PrivateUsers             whose files and processes are would be nobody's
      #   ProtectHome              read only: /home may be a file system of its own
      #   ProtectKernelModules     would be a folder that check_disk may not enter; the capability is missing anyway
      PrivateUsers = false;
      ProtectKernelModules = false;
      # Nothing can be written but the result, and what is in a /tmp of its own.
      ProtectSystem = "strict";
      # The results of others, too: strict leaves /run as it is where ProtectKernelTunables= is beside it, as systemd 257 does it.
      ReadOnlyPaths = "-/run/hypervisor-tui-plugins";
      ProtectHome = "read-only";
      ProtectHostname = true;
      # ping gives up rights that it does not have, and does not work where it may not.
      SystemCallFilter = [
        "@system-service"
        "~@privileged @resources"
        "@setuid capset"
      ];
      UMask = "0022";
    }
    // (if kind == "scrape" then { IPAddressAllow = [ "localhost" ]; } else { })
    // serviceConfig;
  };

  timer = {
    description = "Time until plugin ${name} of the hypervisor console runs";
    documentation = [ "man:hypervisor-tui(1)" ];
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnActiveSec = 1;
      # From the end of a run: what hangs does not pile up.
      OnUnitInactiveSec = seconds interval;
      RandomizedDelaySec = spread;
      AccuracySec = "1s";
    };
  };
}
