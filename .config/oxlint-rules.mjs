/** Rules of this house that no linter brings. */

const DISABLE = /^\s*(?:oxlint|eslint)-disable(?:-next-line|-line)?\b/;
const REASON = /\s--\s+\S/;

const disableNeedsReason = {
  meta: { type: "problem" },
  create: (context) => ({
    Program: () => {
      for (const comment of context.sourceCode.getAllComments()) {
        if (!DISABLE.test(comment.value) || REASON.test(comment.value)) continue;
        context.report({ loc: comment.loc, message: "Say why the rule is disabled: `-- reason` at the end of the comment." });
      }
    },
  }),
};

const noClock = {
  meta: { type: "problem" },
  create: (context) => ({
    "NewExpression[callee.name='Date'][arguments.length=0]": (node) =>
      context.report({ node, message: "Time is an argument here: `new Date()` reads the clock." }),
  }),
};

/** The object `z` holds all of zod, in forty languages; of a namespace only what is used gets into the bundle. */
const wholeZod = {
  meta: { type: "problem" },
  create: (context) => ({
    "ImportDeclaration[source.value='zod'] > ImportSpecifier": (node) =>
      context.report({ node, message: 'Write `import * as z from "zod"`.' }),
  }),
};

export default {
  meta: { name: "house" },
  rules: { "disable-needs-reason": disableNeedsReason, "no-clock": noClock, "whole-zod": wholeZod },
};
