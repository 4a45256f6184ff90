# As much of nixpkgs' lib as options.nix and reference.nix want, in its words: the reference is made and held without
# nixpkgs. What is missing here is one line; lib/types.nix of nixpkgs says how it describes a type.
let
  inherit (builtins) concatStringsSep toJSON toString;
  strings = f: list: concatStringsSep "" (map f list);
  describe = description: {
    _type = "option-type";
    inherit description;
    getSubOptions = _: { };
  };
in
builtins
// rec {
  types = {
    bool = describe "boolean";
    package = describe "package";
    attrs = describe "attribute set";
    anything = describe "anything";
    str = describe "string" // {
      check = builtins.isString;
    };
    singleLineStr = describe "(optionally newline-terminated) single-line string";
    ints.between = low: high: describe "integer between ${toString low} and ${toString high} (both inclusive)";
    strMatching = pattern: describe "string matching the pattern ${pattern}" // {
      check = v: builtins.isString v && builtins.match pattern v != null;
    };
    enum = values: describe "one of ${concatStringsSep ", " (map toJSON values)}" // {
      check = v: builtins.elem v values;
    };
    nullOr = type: describe "null or ${type.description}" // {
      check = v: v == null || allows type v;
    };
    either = a: b: describe "${a.description} or ${b.description}" // {
      check = v: allows a v || allows b v;
    };
    attrsOf = type: describe "attribute set of ${type.description}" // {
      check = v: builtins.isAttrs v && builtins.all (allows type) (builtins.attrValues v);
      of = type.options or { };
      getSubOptions = loc: type.getSubOptions (loc ++ [ "<name>" ]);
    };
    listOf = type: describe "list of ${type.description}" // {
      check = v: builtins.isList v && builtins.all (allows type) v;
    };
    submodule =
      {
        freeformType ? null,
        options ? { },
      }:
      describe (if freeformType == null then "submodule" else "open submodule of (${freeformType.description})")
      // {
        inherit options;
        getSubOptions = loc: placed loc options;
        check = v: builtins.all (name: allows options.${name}.type v.${name}) (builtins.attrNames options);
      };
    addCheck = type: check: type // { check = v: allows type v && check v; };
  };
  # Of the types only those of text are checked.
  allows = type: type.check or (_: true);
  mkOption = option: option // { _type = "option"; };
  mkEnableOption =
    name:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
      type = types.bool;
    };
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  isOption = value: value._type or "" == "option";
  showOption = concatStringsSep ".";
  placed =
    loc: value:
    if isOption value then
      value // { inherit loc; }
    else
      builtins.mapAttrs (name: placed (loc ++ [ name ])) value;

  # Of the first module, with pkgs as the second has it.
  evalModules =
    { modules }:
    let
      module = import (builtins.elemAt modules 0) {
        config = throw "an option whose default is another's value needs defaultText";
        inherit lib;
        inherit ((builtins.elemAt modules 1)._module.args) pkgs;
      };
    in
    {
      options = placed [ ] module.options;
    };
  collect =
    wanted: value:
    if wanted value then
      [ value ]
    else
      builtins.concatMap (collect wanted) (builtins.attrValues value);

  concatStrings = strings (s: s);
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  optionalString = wanted: text: if wanted then text else "";
  trim = text: builtins.head (builtins.match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" text);
  generators.toPretty =
    style: value:
    let
      show = generators.toPretty style;
    in
    if builtins.isList value then
      "[ ${strings (v: "${show v} ") value}]"
    else if builtins.isAttrs value then
      "{ ${strings (name: "${name} = ${show value.${name}}; ") (builtins.attrNames value)}}"
    else
      toJSON value;
  lib = {
    inherit
      types
      mkOption
      mkEnableOption
      literalExpression
      ;
    hasPrefix = throw "no value is checked here";
  };
}
