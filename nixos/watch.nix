# The units that do something each time that files change. As console.nix, a function of plain values.
{
  # Of what, in words.
  of,
  files,
  # The unit that `changed` will be, without .service. What it asks for must be after it: while what a path starts is
  # running, systemd does not see what changes, and would miss it.
  changed,
  # What it asks systemd for, as systemctl has it.
  ask,
}:
{
  path = {
    description = "Changes of ${of}";
    wantedBy = [ "paths.target" ];
    pathConfig = {
      PathChanged = files;
      Unit = "${changed}.service";
    };
  };
  changed = {
    description = "Change of ${of}";
    startLimitIntervalSec = 0;
    script = ''
      systemctl ${ask}
    '';
    serviceConfig = {
      Type = "oneshot";
      CapabilityBoundingSet = "";
      NoNewPrivileges = true;
      ProtectSystem = "strict";
      PrivateNetwork = true;
      RestrictAddressFamilies = "AF_UNIX";
    };
  };
}
