# What the types cannot refuse.
{ config, lib }:
let
  cfg = config.services.hypervisor-tui;
  consoles = lib.optional (cfg.tty != null) cfg.tty ++ cfg.serial.ttys;
  other = lib.filter (name: config.services.${name}.enable or false) [
    "greetd"
    "cage"
    "kmscon"
  ];
in
[
  {
    assertion = consoles != [ ] || cfg.ssh.enable;
    message = ''
      services.hypervisor-tui is enabled and has nowhere to draw: set tty, serial.ttys or ssh.enable.
    '';
  }
  {
    assertion = lib.allUnique cfg.serial.ttys;
    message = ''
      services.hypervisor-tui.serial.ttys names a line twice: ${toString cfg.serial.ttys}. Only one console can draw on it.
    '';
  }
  {
    assertion = !(cfg.tty == "tty1" && other != [ ]);
    message = ''
      services.hypervisor-tui.tty is tty1, which services.${lib.concatStringsSep " and services." other} takes too. Set
      another virtual terminal such as tty8, or null.
    '';
  }
  {
    assertion = cfg.ssh.enable -> config.services.openssh.enable;
    message = ''
      services.hypervisor-tui.ssh.enable needs the SSH server: set services.openssh.enable.
    '';
  }
  {
    assertion = cfg.ssh.enable -> cfg.ssh.authorizedKeys != [ ];
    message = ''
      services.hypervisor-tui.ssh.enable lets nobody in: set ssh.authorizedKeys.
    '';
  }
  {
    assertion = cfg.login.enable -> consoles != [ ];
    message = ''
      services.hypervisor-tui.login.enable has no terminal to hand over: set tty or serial.ttys.
    '';
  }
  {
    assertion = cfg.rescue.active || (cfg.settings.login or false) == cfg.login.enable;
    message = ''
      services.hypervisor-tui.settings.login and login.enable differ: set login.enable alone, which makes the login prompt
      too.
    '';
  }
  {
    assertion = cfg.rescue.enable -> lib.any (tty: tty != cfg.rescue.login) consoles;
    message = ''
      services.hypervisor-tui.rescue.enable leaves no terminal for the console: rescue.login is ${cfg.rescue.login}, and
      tty and serial.ttys name no other.
    '';
  }
]
