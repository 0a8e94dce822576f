/** Who may import whom. Data flows one way: domain knows nothing, only the composition puts stages and adapters together. */
const rule = (name, from, to) => ({ name, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule("no-cycles", {}, { circular: true }),
    rule("domain-is-pure", { path: "^src/domain/" }, { pathNot: ["^src/domain/", "node_modules/zod/"] }),
    rule(
      "a-source-sees-no-other-source",
      { path: "^src/sources/(?!index\\.ts$)[^/]+\\.ts$" },
      { path: "^src/sources/", pathNot: "^src/sources/(define|document|verify|keys|signature|soap)\\.ts$" },
    ),
    rule(
      "sources-see-domain-only",
      { path: "^src/sources/" },
      { path: "^(src|durable-objects|sandbox)/", pathNot: "^src/(sources|domain)/" },
    ),
    rule(
      "a-destination-sees-no-other-destination",
      { path: "^src/destinations/(?!index\\.ts$)[^/]+\\.ts$" },
      { path: "^src/destinations/", pathNot: "^src/destinations/(define|outcome-of-status)\\.ts$" },
    ),
    rule(
      "destinations-see-domain-only",
      { path: "^src/destinations/" },
      { path: "^(src|durable-objects|sandbox)/", pathNot: "^src/(destinations|domain)/" },
    ),
    rule("a-stage-imports-no-stage", { path: "^src/pipeline/([^/.]+)" }, { path: "^src/pipeline/", pathNot: "^src/pipeline/$1" }),
    rule(
      "stages-see-ports-only",
      { path: "^src/pipeline/" },
      { pathNot: ["^src/pipeline/", "^src/domain/", "^src/(sources|destinations)/define\\.ts$"] },
    ),
    rule("http-sees-no-bindings", { path: "^src/http/" }, { path: "^(src/(adapters|wiring|deployment)|durable-objects)" }),
    rule(
      "adapters-see-domain-only",
      { path: "^src/adapters/" },
      { path: "^(src|durable-objects)/", pathNot: "^src/(adapters|domain|destinations/define\\.ts)" },
    ),
    rule("objects-see-no-http", { path: "^durable-objects/" }, { path: "^src/(http|wiring|index)" }),
    rule("only-the-entry-sees-objects", { path: "^src/", pathNot: "^src/index\\.ts$" }, { path: "^durable-objects/" }),
    rule("nobody-imports-the-entry", {}, { path: "^src/index\\.ts$" }),
    rule("sandbox-is-never-deployed", { path: "^(src|durable-objects)/" }, { path: "^(sandbox|scripts|bench|test)/" }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.d\\.ts$" },
  },
};
