# The text of docs/nixos-options.md, made from the declarations in options.nix. It needs nixpkgs' lib and nothing else.
{ lib }:
let
  evaluated = lib.evalModules {
    modules = [
      ./options.nix
      {
        _module.check = false;
        _module.args.pkgs.formats.yaml = _: { type = lib.types.attrs; };
      }
    ];
  };
  value =
    v:
    if v._type or "" == "literalExpression" then
      v.text
    else
      lib.generators.toPretty { multiline = false; } v;
  line = title: v: "* ${title}: `${v}`\n";
  option =
    o:
    lib.concatStrings [
      "## `${lib.showOption o.loc}`\n\n"
      (lib.trim o.description)
      "\n\n"
      (line "Type" o.type.description)
      (lib.optionalString (o ? default) (line "Default" (value (o.defaultText or o.default))))
      (lib.optionalString (o ? example) (line "Example" (value o.example)))
    ];
  # The options below options, and those of what these are made of.
  all =
    options:
    lib.concatMap (o: [ o ] ++ all (removeAttrs (o.type.getSubOptions o.loc) [ "_module" ])) (
      lib.collect lib.isOption options
    );
  shown = lib.filter (o: !(o.internal or false)) (all evaluated.options.services.hypervisor-tui);
  sorted = lib.sort (a: b: lib.showOption a.loc < lib.showOption b.loc) shown;
in
''
  # Options of the NixOS module

  Made from nixos/options.nix. [nixos.md](nixos.md) says how they go together.

''
+ lib.concatMapStringsSep "\n" option sorted
