/**
 * Who may import whom: the dependency rule of this project, on resolved paths, types included.
 *
 * domain < verification, decoding < sources, connection < destinations < pipeline < http, adapters < wiring, deployment < durable-objects < index
 */

const DOMAIN = "^src/domain/";
const SOURCE_CONTRACT = "^src/sources/define\\.ts$";
const DESTINATION_CONTRACT = "^src/destinations/define\\.ts$";
const VERIFICATION = "^src/verification/";
/** What a sender's file says of its proof, as data. */
const VERIFICATION_TERMS = "^src/verification/(define|settings|hmac-settings|signature|edge)\\.ts$";
const DECODING = "^src/decoding/";
const DESTINATION_PARTS = "^src/destinations/(define|outcome-of-status|classify)\\.ts$";
/** How a request is signed with HMAC, and how that is configured: one description for senders and destinations. */
const SIGNING = "^src/verification/(hmac-settings|sign-hmac)\\.ts$";
const CONNECTION = "^src/connection/";

/** Everything that is not listed is forbidden. */
const only = (name, comment, from, allowed) => ({ name, comment, severity: "error", from, to: { pathNot: allowed } });
const never = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    never("no-cycle", "A cycle has no layer.", {}, { circular: true }),
    never("no-unresolved", "It must exist.", { pathNot: "node_modules" }, { couldNotResolve: true, pathNot: "^cloudflare:" }),
    never(
      "no-undeclared-package",
      "Shipped code may only use what package.json ships.",
      { path: "^(src|durable-objects)/" },
      {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "npm-optional"],
      },
    ),
    never(
      "entry-is-imported-by-nobody",
      "src/index.ts puts the parts together.",
      { pathNot: "^(test|bench)/" },
      { path: "^src/index\\.ts$" },
    ),
    never(
      "nothing-local-in-the-worker",
      "Command line, sandbox, scripts, benchmarks and tests are never deployed.",
      { path: "^(src|durable-objects)/" },
      {
        path: "^(cli|sandbox|scripts|bench|test)/",
      },
    ),
    never(
      "only-entry-sees-durable-objects",
      "Objects are reached by their binding.",
      { pathNot: "^(src/index\\.ts$|durable-objects/|test/|bench/)" },
      {
        path: "^durable-objects/",
      },
    ),

    only("domain-is-pure", "The domain knows no platform.", { path: DOMAIN }, [DOMAIN, "node_modules/zod/"]),
    only(
      "source",
      "A sender knows its contract, how proofs are described, the readers of common forms and the domain, no other sender.",
      { path: "^src/sources/", pathNot: "^src/sources/index\\.ts$" },
      [SOURCE_CONTRACT, VERIFICATION_TERMS, DECODING, DOMAIN, "node_modules/zod/"],
    ),
    only("verification", "The engine that proves requests knows no sender.", { path: VERIFICATION }, [
      VERIFICATION,
      DOMAIN,
      "node_modules/(zod|jose)/",
    ]),
    only("decoding", "Readers of common forms know what they read into, no sender.", { path: DECODING }, [
      DECODING,
      SOURCE_CONTRACT,
      VERIFICATION_TERMS,
      DOMAIN,
      "node_modules/(zod|@rgrove/parse-xml)/",
    ]),
    only("source-registry", "The registry lists the senders.", { path: "^src/sources/index\\.ts$" }, ["^src/sources/"]),
    only(
      "destination",
      "A destination knows its contract, the status table and the domain, no other destination; the adapter sends.",
      {
        path: "^src/destinations/",
        pathNot: "^src/destinations/(index\\.ts$|[^/]+/)",
      },
      [DESTINATION_PARTS, CONNECTION, SIGNING, "^src/decoding/(xml|document)\\.ts$", DOMAIN, "node_modules/(zod|jose)/"],
    ),
    only(
      "destination-folder",
      "A destination that is a folder knows what one file would, and its own folder.",
      { path: "^src/destinations/([^/]+)/" },
      [
        "^src/destinations/$1/",
        DESTINATION_PARTS,
        CONNECTION,
        SIGNING,
        "^src/decoding/(xml|document)\\.ts$",
        DOMAIN,
        "node_modules/(zod|jose)/",
      ],
    ),
    only("connection", "How systems are talked to, whichever they are: sessions, credentials, tokens.", { path: CONNECTION }, [
      CONNECTION,
      DESTINATION_PARTS,
      DOMAIN,
      "node_modules/(jose|zod)/",
    ]),
    only("destination-registry", "The registry lists the destinations.", { path: "^src/destinations/index\\.ts$" }, ["^src/destinations/"]),

    only(
      "stage-sees-contracts-only",
      "A stage knows the domain and the contracts; adapters fit its ports by shape.",
      { path: "^src/pipeline/" },
      ["^src/pipeline/", DOMAIN, SOURCE_CONTRACT, "^src/verification/define\\.ts$", DESTINATION_CONTRACT],
    ),
    // A stage is one file, or one folder.
    never(
      "no-stage-imports-a-stage",
      "Stages meet only where they are put together.",
      { path: "^src/pipeline/([^/]+)\\.ts$" },
      {
        path: "^src/pipeline/",
        pathNot: "^src/pipeline/$1\\.ts$",
      },
    ),
    never(
      "no-stage-folder-imports-a-stage",
      "Stages meet only where they are put together.",
      { path: "^src/pipeline/([^/]+)/" },
      {
        path: "^src/pipeline/",
        pathNot: "^src/pipeline/$1/",
      },
    ),

    only("http", "The HTTP surface knows the stages' types and the domain, neither adapters nor objects.", { path: "^src/http/" }, [
      "^src/http/",
      "^src/pipeline/",
      DOMAIN,
      SOURCE_CONTRACT,
      "^src/verification/define\\.ts$",
      "node_modules/(hono|zod|jose)/",
    ]),
    only("adapters", "Adapters know the domain and what they adapt, no stage.", { path: "^src/adapters/" }, [
      "^src/adapters/",
      DOMAIN,
      SOURCE_CONTRACT,
      "^src/verification/define\\.ts$",
      DESTINATION_CONTRACT,
      "^src/env\\.ts$",
      "node_modules/(drizzle-orm|jose)/",
      "^(node:)?(crypto|buffer)$",
    ]),
    only("flows", "A workflow is a thin shell: steps over what is put together elsewhere.", { path: "^src/flows/" }, [
      "^src/flows/",
      DOMAIN,
      "^src/(pipeline|wiring)/",
      "^src/deployment(\\.ts$|/)",
      "^cloudflare:",
    ]),
    only("configuration-is-data", "router.config.ts holds names and maps, no code.", { path: "^src/router\\.config\\.ts$" }, [DOMAIN]),
    only("environment", "env.ts reads bindings.", { path: "^src/env\\.ts$" }, [DOMAIN, "node_modules/zod/"]),
    only("durable-objects", "An object is a thin shell over domain, stages and adapters.", { path: "^durable-objects/" }, [
      "^durable-objects/",
      DOMAIN,
      "^src/(pipeline|adapters|wiring|connection)/",
      "^src/deployment(\\.ts$|/)",
      "^cloudflare:",
    ]),
    only("client", "The client runs anywhere: it needs fetch, and nothing of ours.", { path: "^cli/client/" }, ["^cli/client/"]),
    never(
      "command-asks-the-router",
      "A command asks the router by its API; of the Worker's code it knows the configuration and the domain.",
      { path: "^cli/" },
      { path: "^src/", pathNot: "^src/(domain/|router\\.config\\.ts$)" },
    ),
    never(
      "stand-alone-sandbox",
      "The sandbox stands in for other people's systems; it only signs by the senders' contracts.",
      { path: "^sandbox/" },
      {
        path: "^src/",
        pathNot: "^src/(sources|verification)/define\\.ts$",
      },
    ),
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.wrangler|\\.local|test/erp/cap)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".d.ts"],
    },
    builtInModules: { add: ["cloudflare:workers", "cloudflare:test"] },
  },
};
