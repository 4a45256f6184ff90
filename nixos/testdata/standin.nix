# What the module makes of a NixOS configuration, with as much of nixpkgs' lib and of NixOS in here as it needs: the tests
# evaluate it where no nixpkgs is. Conditions, merging and priorities follow lib/modules.nix; of types only those of text are
# checked, and what nothing defines is null.
user:
let
  inherit (builtins)
    all
    any
    attrNames
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    hasAttr
    head
    isAttrs
    isList
    isString
    map
    mapAttrs
    tail
    ;

  property = v: if isAttrs v then v._type or null else null;
  # Definitions without mkMerge; conditions and priorities go inside of attributes, so that their names are known before any
  # condition is.
  flatten =
    v:
    let
      inside =
        wrap: map (inner: if isSet inner && inner != { } then mapAttrs (_: wrap) inner else wrap inner) (flatten v.content);
    in
    if property v == "merge" then
      concatMap flatten v.contents
    else if property v == "if" then
      inside (lib.mkIf v.condition)
    else if property v == "override" then
      inside (lib.mkOverride v.priority)
    else
      [ v ];
  isSet = v: isAttrs v && property v == null && !(v ? outPath);
  # The values of a definition whose conditions hold, each with its priority.
  values =
    v:
    if property v == "if" then
      (if v.condition then values v.content else [ ])
    else if property v == "override" then
      map (inner: inner // { inherit (v) priority; }) (values v.content)
    else
      [
        {
          priority = 100;
          value = v;
        }
      ];
  merge =
    path: definitions:
    let
      flat = concatMap flatten definitions;
    in
    if any isSet flat then
      mapAttrs (name: _: merge (path ++ [ name ]) (map (v: v.${name}) (filter (v: hasAttr name v) (filter isSet flat)))) (
        foldl' (a: b: a // b) { } (filter isSet flat)
      )
    else
      let
        found = concatMap values flat;
        lowest = foldl' (a: v: if v.priority < a then v.priority else a) 10000 found;
        chosen = map (v: v.value) (filter (v: v.priority == lowest) found);
      in
      if chosen == [ ] then
        null
      else if all isList chosen then
        builtins.concatLists chosen
      else if any isSet (concatMap flatten chosen) then
        merge path chosen
      else if all (v: v == head chosen) chosen then
        head chosen
      else
        throw "The option `${concatStringsSep "." path}' has conflicting definition values";

  lib = import ./lib.nix // {
    mkIf = condition: content: {
      _type = "if";
      inherit condition content;
    };
    mkMerge = contents: {
      _type = "merge";
      inherit contents;
    };
    mkOverride = priority: content: {
      _type = "override";
      inherit priority content;
    };
    mkDefault = lib.mkOverride 1000;
    mkForce = lib.mkOverride 50;
    mkAfter = v: v;
    const = v: _: v;
    optional = yes: v: if yes then [ v ] else [ ];
    optionals = yes: v: if yes then v else [ ];
    optionalString = yes: text: if yes then text else "";
    mapAttrs' = f: set: builtins.listToAttrs (lib.mapAttrsToList f set);
    mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
    filterAttrs = keep: set: builtins.listToAttrs (
      concatMap (name: if keep name set.${name} then [ (lib.nameValuePair name set.${name}) ] else [ ]) (attrNames set)
    );
    optionalAttrs = yes: v: if yes then v else { };
    nameValuePair = name: value: { inherit name value; };
    genAttrs = names: f: builtins.listToAttrs (map (name: lib.nameValuePair name (f name)) names);
    hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
    toList = v: if isList v then v else [ v ];
    splitString = separator: text: filter isString (builtins.split separator text);
    allUnique = list: list == [ ] || (!(elem (head list) (tail list)) && lib.allUnique (tail list));
    attrByPath =
      path: default: v:
      if path == [ ] then
        v
      else if isAttrs v && hasAttr (head path) v then
        lib.attrByPath (tail path) default v.${head path}
      else
        default;
    getExe = p: "${p}/bin/${p.meta.mainProgram or p.name}";
    getExe' = p: name: "${p}/bin/${name}";
  };

  package = name: {
    inherit name;
    outPath = "/pkgs/${name}";
  };
  # A file of the store has another path when it has something else in it.
  file =
    name: content: package "${builtins.hashString "md5" content}-${name}";
  console =
    withKube:
    package (if withKube then "hypervisor-tui" else "hypervisor-tui-nokube")
    // {
      meta.mainProgram = "hypervisor-tui";
      inherit withKube;
      override = args: console args.withKube;
    };
  pkgs = {
    util-linux = package "util-linux";
    shadow = package "shadow";
    bashInteractive = package "bash-interactive";
    stdenv.hostPlatform = { };
    stdenv.buildPlatform.canExecute = _: true;
    callPackage = _: _: console true;
    writeShellScriptBin = name: text: package name // { inherit text; };
    runCommand = name: _: script: file name script // { inherit script; };
    formats.yaml = _: {
      type.description = "";
      generate = name: value: file name (builtins.toJSON value) // { inherit value; };
    };
  };

  load =
    path:
    let
      module = import path { inherit config lib options pkgs; };
    in
    [ module ] ++ concatMap load (module.imports or [ ]);
  modules = load ../module.nix;
  options = foldl' (a: m: a // (m.options or { })) { } modules // {
    services = (head (filter (m: m ? options) modules)).options.services // {
      openssh.extraConfig = { };
    };
  };
  defaults =
    v:
    if property v == "option" then
      (if v ? default then lib.mkOverride 1500 v.default else lib.mkMerge [ ])
    else
      mapAttrs (_: defaults) v;
  # What NixOS itself has by default.
  prompt = arguments: {
    serviceConfig.ExecStart = [
      ""
      "@/pkgs/util-linux/bin/agetty agetty --login-program /pkgs/shadow/bin/login ${arguments} $TERM"
    ];
    restartIfChanged = false;
  };
  nixos = {
    systemd.services."getty@" = prompt "--noclear --keep-baud %I 115200,38400,9600";
    systemd.services."serial-getty@" = prompt "%I --keep-baud";
    systemd.services."autovt@" = prompt "--noclear %I";
    services = {
      k3s.enable = lib.mkOverride 1500 false;
      openssh.enable = lib.mkOverride 1500 false;
      getty.autologinUser = lib.mkOverride 1500 null;
      getty.loginProgram = lib.mkOverride 1500 "/pkgs/shadow/bin/login";
    };
  };
  # The defaults of what options are made of.
  fill =
    value: option:
    if property option != "option" then
      value // mapAttrs (name: fill value.${name}) option
    else if option.type.of or { } == { } then
      value
    else
      mapAttrs (_: v: merge [ ] [ v (defaults option.type.of) ]) value;
  config = merged // {
    services = merged.services // {
      hypervisor-tui = fill merged.services.hypervisor-tui options.services.hypervisor-tui;
    };
  };
  merged = merge [ ] (
    [
      nixos
      (removeAttrs user [ "imports" ])
      { services.hypervisor-tui = defaults options.services.hypervisor-tui; }
    ]
    ++ user.imports or [ ]
    ++ map (m: m.config or { }) modules
  );
  # The names of the options whose values their types do not allow.
  wrong =
    value: option:
    concatMap (
      name:
      if property option.${name} == "option" then
        (if lib.allows option.${name}.type value.${name} then [ ] else [ name ])
      else
        wrong value.${name} option.${name}
    ) (attrNames option);
in
{
  failed = map (a: a.message) (filter (a: !a.assertion) config.assertions);
  refused = wrong config.services.hypervisor-tui options.services.hypervisor-tui;
  sshd = config.services.openssh.extraConfig or null;
  warnings = if config.warnings == null then [ ] else config.warnings;
  services = config.systemd.services;
  inherit (config.systemd) timers paths;
  sockets = config.systemd.sockets or { };
  users = config.users.users;
  groups = attrNames (lib.filterAttrs (_: group: group != null) config.users.groups);
  ports = config.networking.firewall.allowedTCPPorts or [ ];
  tmpfiles = config.systemd.tmpfiles.settings.hypervisor-tui;
  level = config.boot.consoleLogLevel;
  settings = config.services.hypervisor-tui.settings;
  etc = mapAttrs (
    _: e: if e.source or null == null then e.text or null else if isAttrs e.source then e.source.script or "" else e.source
  ) config.environment.etc;
}
