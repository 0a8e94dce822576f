import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import type { SourceDefinition, SourceItem } from "../../src/sources/define.ts";
import { freshdesk } from "../../src/sources/freshdesk.ts";
import { netsuite } from "../../src/sources/netsuite.ts";
import { servicenow } from "../../src/sources/servicenow.ts";
import { zendeskTrigger } from "../../src/sources/zendesk-trigger.ts";
import { bytes, decodeWith, itemsOf, liveFor, prove } from "./support.ts";

const SECRET = "geheim-ü-0123456789";
const UUID = "1b0e2c52-6f0d-4c0f-9a3e-7d0a3b1f4c55";

const published = (file: string): string => readFileSync(path.join(import.meta.dirname, "../../integrations", file), "utf8");

/** Proves and reads a request that a published script made, as its source would. */
async function taken(source: SourceDefinition, sent: Sent, settings: object = {}): Promise<SourceItem> {
  const live = liveFor(source, { settings: { ...settings } });
  const verification = source.verification(live.settings);
  const { body, headers } = sent;
  const signed = { url: "https://edge.example.test/in/source", headers };
  const proof = await prove({ verification, body: bytes(body), signed, secrets: [{ id: "A", value: SECRET }], nowMs: Date.now() });
  expect(proof).toMatchObject({ ok: true, value: { verdict: "verified" } });
  const [item, ...more] = itemsOf(decodeWith(source, live, bytes(body), { contentType: "application/json", headers }));
  if (item === undefined || more.length > 0) throw new Error("expected one event");
  return item;
}

interface Sent {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe("the scripts for NetSuite", () => {
  type Values = Readonly<Record<string, unknown>>;
  type Row = Record<string, unknown>;

  const fakeRecord = (type: string, id: string | number, values: Values, texts: Readonly<Record<string, string>> = {}) => ({
    type,
    id,
    getValue: ({ fieldId }: { fieldId: string }) => values[fieldId] ?? "",
    getText: ({ fieldId }: { fieldId: string }) => texts[fieldId] ?? "",
    getFields: () => Object.keys(values),
  });

  const EVENTS = { CREATE: "create", EDIT: "edit", XEDIT: "xedit", DELETE: "delete", APPROVE: "approve", SHIP: "ship" };

  /** An account with one outbox, in which the scripts run as N/record and the others would let them. */
  function account(options: {
    readonly parameters?: Values;
    readonly saved?: ReturnType<typeof fakeRecord>;
    readonly code?: () => number;
    readonly lookup?: Values;
  }) {
    const outbox = new Map<number, Row>();
    const sent: Sent[] = [];
    const logged: unknown[] = [];
    const note = (entry: unknown) => logged.push(entry);
    const parameters: Values = { custscript_signalbox_url: "https://edge.example.test/in/netsuite", ...options.parameters };
    const rowRecord = (row: Row, id: number) => ({ id, getValue: ({ fieldId }: { fieldId: string }) => row[fieldId] ?? "" });
    const modules: Readonly<Record<string, unknown>> = {
      "N/record": {
        create: () => {
          const row: Row = {};
          return {
            setValue: ({ fieldId, value }: { fieldId: string; value: unknown }) => (row[fieldId] = value),
            save: () => outbox.set(outbox.size + 1, row),
          };
        },
        load: ({ type, id }: { type: string; id: number }) =>
          type === "customrecord_signalbox_outbox" ? rowRecord(outbox.get(id) ?? {}, id) : options.saved,
        delete: ({ id }: { id: number }) => outbox.delete(id),
        submitFields: ({ id, values }: { id: number; values: Row }) => Object.assign(outbox.get(id) ?? {}, values),
      },
      "N/runtime": {
        accountId: "1234567_SB1",
        getCurrentUser: () => ({ id: 7 }),
        getCurrentScript: () => ({ getParameter: ({ name }: { name: string }) => parameters[name] ?? null }),
      },
      "N/search": {
        lookupFields: () => options.lookup ?? {},
        create: (search: unknown) => search,
        createColumn: (column: unknown) => column,
        Sort: { ASC: "ASC" },
      },
      "N/format": { parse: ({ value }: { value: string }) => new Date(value), Type: { DATETIMETZ: "datetimetz" } },
      "N/task": {
        TaskType: { MAP_REDUCE: "MAP_REDUCE" },
        create: () => ({
          submit: () => {
            throw new Error("MAP_REDUCE_ALREADY_RUNNING");
          },
        }),
      },
      "N/log": { error: note, debug: () => {} },
      "N/crypto/random": { generateUUID: () => UUID },
      "N/encode": { Encoding: { UTF_8: "UTF_8", HEX: "HEX" } },
      "N/crypto": {
        HashAlg: { SHA256: "SHA256" },
        createSecretKey: ({ secret }: { secret: string }) => (secret === "custsecret_signalbox" ? SECRET : "another"),
        createHmac: ({ key }: { key: string }) => {
          const mac = createHmac("sha256", key);
          return { update: ({ input }: { input: string }) => mac.update(input, "utf8"), digest: () => mac.digest("hex").toUpperCase() };
        },
      },
      "N/https": {
        post: (request: Sent) => {
          sent.push(request);
          return { code: (options.code ?? (() => 202))() };
        },
      },
    };
    const load = (file: string): Record<string, (argument: unknown) => unknown> => {
      let made: unknown;
      const define = (names: readonly string[], factory: (...imported: unknown[]) => unknown) =>
        (made = factory(...names.map((name) => (name.startsWith("./") ? load(`netsuite/${name.slice(2)}.js`) : modules[name]))));
      (vm.compileFunction(published(file), ["define"]) as (define: unknown) => void)(define);
      return made as Record<string, (argument: unknown) => unknown>;
    };
    const sender = load("netsuite/signalbox_sender.js");
    const dispatcher = load("netsuite/signalbox_dispatcher.js");
    return {
      outbox,
      logged,
      save: (type: string, newRecord: object, oldRecord: object | null = null) =>
        sender["afterSubmit"]?.({ type, newRecord, oldRecord, UserEventType: EVENTS }),
      before: (type: string, newRecord: object, oldRecord: object | null = null) =>
        sender["beforeSubmit"]?.({ type, newRecord, oldRecord, UserEventType: EVENTS }),
      input: () => dispatcher["getInputData"]?.(null),
      /** Sends what waits; what was sent in this run. */
      dispatch: (): readonly Sent[] => {
        const from = sent.length;
        for (const id of outbox.keys()) dispatcher["map"]?.({ value: JSON.stringify({ id }) });
        return sent.slice(from);
      },
    };
  }

  const only = (sent: readonly Sent[]): Sent => {
    const [one, ...more] = sent;
    if (one === undefined || more.length > 0) throw new Error(`sent ${sent.length} requests`);
    return one;
  };

  const order = (values: Values = {}) =>
    fakeRecord(
      "salesorder",
      50001,
      {
        tranid: "SO-1001",
        externalid: "0062400000Zz1aBAAR",
        subsidiary: 3,
        entity: 812,
        orderstatus: "B",
        total: 1200.5,
        trandate: new Date(2026, 0, 1),
        memo: "Größe – 東京 👟",
        lastmodifieddate: new Date("2026-01-01T00:00:00.789Z"),
        ...values,
      },
      { currency: "USD" },
    );

  it("send an edited record as a snapshot that is proven and read", async () => {
    const one = account({
      saved: order({ custbody_live: new Date(2026, 1, 3), custbody_teams: [4, 5] }),
      parameters: { custscript_signalbox_fields: "custbody_live:day, custbody_teams" },
    });
    one.save("edit", order());
    const sent = only(one.dispatch());
    expect(sent.url).toBe("https://edge.example.test/in/netsuite");
    expect(sent.body).toMatch(/^[\x20-\x7e]+$/);
    expect(await taken(netsuite, sent, { accounts: ["1234567-sb1"] })).toEqual({
      deliveryId: UUID,
      type: "salesorder.edit",
      occurredAtMs: Date.UTC(2026, 0, 1),
      order: { kind: "time", value: String(Date.UTC(2026, 0, 1)) },
      nature: "snapshot",
      deleted: false,
      entity: {
        kind: "order",
        key: "50001",
        data: {
          number: "SO-1001",
          customerId: "812",
          status: "confirmed",
          statusRaw: "B",
          total: { amount: "1200.5", currency: "USD" },
          orderedAt: "2026-01-01T00:00:00.000Z",
          extra: {
            memo: "Größe – 東京 👟",
            custbody_live: "2026-02-03",
            custbody_teams: ["4", "5"],
            externalId: "0062400000Zz1aBAAR",
            subsidiary: "3",
          },
        },
      },
    });
    expect(one.outbox.size).toBe(0);
    expect(one.logged).toEqual([]);
  });

  it("count a record's versions where there is a field for it, and send the count", async () => {
    const parameters = { custscript_signalbox_seq_field: "custbody_seq" };
    const set: unknown[] = [];
    const one = account({ saved: order({ custbody_seq: 18 }), parameters });
    const newRecord = { ...order(), setValue: (field: unknown) => set.push(field) };
    one.before("edit", newRecord, order({ custbody_seq: 17 }));
    one.before("create", newRecord, null);
    expect(set).toEqual([
      { fieldId: "custbody_seq", value: 18 },
      { fieldId: "custbody_seq", value: 1 },
    ]);
    one.save("approve", order());
    expect((await taken(netsuite, only(one.dispatch()))).order).toEqual({ kind: "int", value: "18" });
    one.save("delete", order(), order({ custbody_seq: 18 }));
    expect(await taken(netsuite, only(one.dispatch()))).toMatchObject({
      deleted: true,
      order: { kind: "int", value: "19" },
      entity: { data: { number: "SO-1001" } },
    });
  });

  it("send an inline edit as a change of the edited fields, an emptied one as cleared", async () => {
    const one = account({ lookup: { lastmodifieddate: "2026-01-01T00:00:05Z" } });
    one.save("xedit", fakeRecord("customer", 812, { phone: "", email: "a@example.com", custentity_other: "x" }));
    expect(await taken(netsuite, only(one.dispatch()))).toMatchObject({
      nature: "delta",
      cleared: ["phone"],
      order: { kind: "time", value: String(Date.UTC(2026, 0, 1, 0, 0, 5)) },
      entity: { key: "812", data: { email: "a@example.com" } },
    });
    one.save("xedit", fakeRecord("customer", 812, { custentity_other: "x" }));
    expect(one.outbox.size).toBe(0);
  });

  it.each([
    [
      "invoice",
      { tranid: "INV-1", statusRef: "paidInFull", status: "Bezahlt", total: 10, amountremaining: 0, duedate: new Date(2026, 1, 1) },
      { number: "INV-1", status: "paid", amountDue: { amount: "0", currency: "EUR" }, dueDate: "2026-02-01" },
    ],
    [
      "customer",
      { companyname: "", altname: "Jörg Weiß", entityid: "C-1", stage: "CUSTOMER", isinactive: false },
      { name: "Jörg Weiß", number: "C-1", status: "active" },
    ],
    ["customer", { companyname: "Acme", stage: "CUSTOMER", isinactive: true }, { name: "Acme", status: "inactive" }],
    ["itemfulfillment", { tranid: "IF-7", createdfrom: 50001, shipstatus: "C" }, { number: "IF-7", orderId: "50001", status: "shipped" }],
    [
      "opportunity",
      { title: "Deal", statusRef: "closedWon", projectedtotal: 99.95, expectedclosedate: new Date(2026, 2, 31) },
      { name: "Deal", stage: "won", amount: { amount: "99.95", currency: "EUR" }, closeDate: "2026-03-31" },
    ],
    [
      "supportcase",
      { casenumber: "7", status: "2", priority: "1", createddate: new Date("2026-01-01T10:00:00Z") },
      { number: "7", status: "open", priority: "high", openedAt: "2026-01-01T10:00:00.000Z" },
    ],
  ])("send %s so that it is understood", async (type, values, data) => {
    const one = account({ saved: fakeRecord(type, 1, { ...values, lastmodifieddate: new Date("2026-01-01T00:00:00Z") }) });
    one.save("create", fakeRecord(type, 1, {}));
    expect((await taken(netsuite, only(one.dispatch()), { currency: "EUR" })).entity.data).toMatchObject(data);
  });

  it("keep what is not taken, with its event id, and leave it for a person after 30 attempts", () => {
    let code = 503;
    const one = account({ saved: order(), code: () => code });
    one.save("edit", order());
    const first = only(one.dispatch());
    const [row] = [...one.outbox.values()];
    expect(row).toMatchObject({
      custrecord_signalbox_attempts: 1,
      custrecord_signalbox_state: "waiting",
      custrecord_signalbox_error: "status 503",
    });
    expect(row?.["custrecord_signalbox_next"]).toBeGreaterThan(Date.now() / 60_000);
    for (let attempt = 2; attempt <= 30; attempt++) expect(only(one.dispatch()).body).toBe(first.body);
    expect(row).toMatchObject({ custrecord_signalbox_state: "failed" });
    expect(one.logged).toHaveLength(1);
    code = 202;
    one.dispatch();
    expect(one.outbox.size).toBe(0);
  });

  it("look for what waits and is due", () => {
    const due = expect.closeTo(Date.now() / 60_000, -1);
    expect(account({}).input()).toMatchObject({
      type: "customrecord_signalbox_outbox",
      filters: [["custrecord_signalbox_state", "is", "waiting"], "and", ["custrecord_signalbox_next", "lessthanorequalto", due]],
    });
  });

  it("say nothing of the router's own writes, and never make the save fail", () => {
    const own = account({ saved: order(), parameters: { custscript_signalbox_own_user: "7" } });
    own.save("edit", order());
    expect(own.outbox.size).toBe(0);
    const broken = account({});
    broken.save("edit", order());
    broken.before("edit", order(), order());
    expect(broken.logged).toHaveLength(1);
  });
});

describe("the scripts for ServiceNow", () => {
  type Values = Record<string, string>;

  class FakeRecord {
    readonly name: string;
    values: Values;
    constructor(name: string, values: Values = {}) {
      this.name = name;
      this.values = values;
    }
    getTableName = () => this.name;
    getUniqueValue = () => this.values["sys_id"];
    getValue = (field: string) => this.values[field] ?? null;
    setValue = (field: string, value: unknown) => void (this.values[field] = String(value));
    isValidField = (field: string) => field in this.values;
    getElements = () => Object.keys(this.values).map((field) => ({ getName: () => field }));
  }

  const glideTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ");

  /** An instance with one outbox, in which the scripts run with the global API that they need. */
  function instance(status: () => number = () => 202) {
    const outbox: Values[] = [];
    const sent: Sent[] = [];
    const errors: string[] = [];
    class Outbox extends FakeRecord {
      at = -1;
      initialize = () => {};
      insert = () => (outbox.push(this.values), "id");
      addQuery = () => {};
      orderBy = () => {};
      setLimit = () => {};
      query = () => {};
      update = () => {};
      deleteRecord = () => (this.values["u_state"] = "gone");
      next = () => {
        const row = outbox.slice(this.at + 1).findIndex(({ u_state: state }) => state === "waiting");
        this.at += row + 1;
        this.values = outbox[this.at] ?? {};
        return row >= 0;
      };
    }
    class GlideDateTime {
      ms = Date.now();
      addSeconds = (seconds: number) => (this.ms += seconds * 1000);
      getValue = () => glideTime(this.ms);
    }
    class RESTMessageV2 {
      url = "";
      body = "";
      headers: Record<string, string> = {};
      setEndpoint = (url: string) => (this.url = url);
      setHttpMethod = () => {};
      setHttpTimeout = () => {};
      setRequestHeader = (name: string, value: string) => (this.headers[name] = value);
      setRequestBody = (body: string) => (this.body = body);
      execute = () => {
        sent.push({ url: this.url, body: this.body, headers: this.headers });
        return { getStatusCode: status };
      };
    }
    class GlideCertificateEncryption {
      generateMac = (key: string, algorithm: string, text: string) =>
        algorithm === "HmacSHA256" ? createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64") : "";
    }
    const properties: Values = {
      instance_name: "acme",
      "signalbox.url": "https://edge.example.test/in/servicenow",
      "signalbox.secret": SECRET,
    };
    const globals: Readonly<Record<string, unknown>> = {
      Class: {
        create: () =>
          function Made(this: { initialize: () => void }) {
            this.initialize();
          },
      },
      gs: {
        getProperty: (name: string) => properties[name] ?? null,
        generateGUID: () => UUID.replaceAll("-", ""),
        error: (text: string) => errors.push(text),
      },
      GlideRecord: Outbox,
      GlideDateTime,
      GlideCertificateEncryption,
      GlideStringUtil: { base64Encode: (text: string) => Buffer.from(text, "utf8").toString("base64") },
      sn_ws: { RESTMessageV2 },
    };
    const run = (script: string, current?: object): void =>
      (
        vm.compileFunction(`${published("servicenow/SignalboxSender.js")}\n${published(script)}`, [...Object.keys(globals), "current"]) as (
          ...values: unknown[]
        ) => void
      )(...Object.values(globals), current);
    return {
      outbox,
      errors,
      save: (operation: string, record: FakeRecord) =>
        run("servicenow/business_rule.js", Object.assign(record, { operation: () => operation })),
      dispatch: (): readonly Sent[] => {
        const from = sent.length;
        run("servicenow/scheduled_job.js");
        return sent.slice(from);
      },
    };
  }

  const supportCase = (changes: Values = {}) =>
    new FakeRecord("sn_customerservice_case", {
      sys_id: "46d44a8e1b0011103f0c99f1f54bcb01",
      number: "CS0001001",
      sys_mod_count: "7",
      sys_updated_on: "2026-01-01 00:00:00",
      short_description: "Größe – 東京 👟",
      description: "",
      state: "18",
      priority: "2",
      account: "8a5055c9c61122780043563ef53438e3",
      opened_at: "2025-12-31 23:30:00",
      correlation_id: "0062400000Zz1aBAAR",
      sys_created_by: "admin",
      ...changes,
    });

  const first = (sent: readonly Sent[]): Sent => {
    const [one] = sent;
    if (one === undefined) throw new Error("nothing was sent");
    return one;
  };

  it("send an updated case as a snapshot that is proven and read", async () => {
    const one = instance();
    one.save("update", supportCase());
    const sent = first(one.dispatch());
    expect(sent.body).toMatch(/^[\x20-\x7e]+$/);
    expect(await taken(servicenow, sent, { instances: ["Acme"] })).toEqual({
      deliveryId: UUID.replaceAll("-", ""),
      type: "sn_customerservice_case.update",
      occurredAtMs: Date.UTC(2026, 0, 1),
      order: { kind: "int", value: "7" },
      nature: "snapshot",
      deleted: false,
      entity: {
        kind: "case",
        key: "46d44a8e1b0011103f0c99f1f54bcb01",
        data: {
          number: "CS0001001",
          subject: "Größe – 東京 👟",
          status: "pending",
          statusRaw: "18",
          priority: "high",
          priorityRaw: "2",
          customerId: "8a5055c9c61122780043563ef53438e3",
          openedAt: "2025-12-31T23:30:00.000Z",
          extra: { correlation_id: "0062400000Zz1aBAAR" },
        },
      },
    });
    expect(one.errors).toEqual([]);
    expect(one.outbox).toMatchObject([{ u_state: "gone" }]);
  });

  it("send a deletion as one version later than the last, and all fields of a table of the team's own", async () => {
    const one = instance();
    one.save("delete", supportCase());
    expect(await taken(servicenow, first(one.dispatch()))).toMatchObject({ deleted: true, order: { kind: "int", value: "8" } });
    one.save(
      "insert",
      new FakeRecord("u_contract", { sys_id: "1", sys_mod_count: "0", sys_updated_on: "2026-01-01 00:00:00", u_plan: "gold" }),
    );
    expect(JSON.parse(first(one.dispatch()).body)).toMatchObject({
      table: "u_contract",
      action: "insert",
      sys_mod_count: 0,
      u_plan: "gold",
    });
  });

  it("keep what is not taken, with its event id, and leave it for a person after 30 attempts", () => {
    const one = instance(() => 503);
    one.save("update", supportCase());
    const { body } = first(one.dispatch());
    expect(one.outbox).toMatchObject([{ u_state: "waiting", u_attempts: "1", u_error: "status 503" }]);
    for (let attempt = 2; attempt <= 30; attempt++) expect(first(one.dispatch()).body).toBe(body);
    expect(one.outbox).toMatchObject([{ u_state: "failed", u_attempts: "30" }]);
    expect(one.errors).toHaveLength(1);
  });

  it("never make the save fail", () => {
    const one = instance();
    one.save(
      "update",
      Object.assign(supportCase(), {
        getValue: () => {
          throw new Error("no such field");
        },
      }),
    );
    expect(one.outbox).toEqual([]);
    expect(one.errors).toEqual([expect.stringContaining("no such field")]);
  });
});

describe("the published templates", () => {
  const rendered = (file: string, values: Readonly<Record<string, string>>) => {
    const used = new Set<string>();
    const text = published(file).replaceAll(/\{\{([^}]+)\}\}/g, (_, name: string) => {
      used.add(name);
      return values[name] ?? "";
    });
    // A value under a name that the template does not have would prove nothing.
    expect([...used]).toEqual(expect.arrayContaining(Object.keys(values)));
    return text;
  };

  const read = (source: SourceDefinition, body: string, headers: Readonly<Record<string, string>> = {}) =>
    decodeWith(source, liveFor(source, {}), bytes(body), { contentType: "application/json", headers });

  it("for Freshdesk is a hint that carries the ticket", () => {
    const body = rendered("freshdesk/template.json", {
      triggered_event: "{status:{from:Open,to:Waiting on Customer}}",
      "ticket.id": "35436",
      "ticket.status": "Waiting on Customer",
      "ticket.priority": "Medium",
      "ticket.requester.email": "jörg@example.com",
      "ticket.tags": "vip, größe",
      "ticket.modified_on": "2026-01-01T05:36:07Z",
    });
    expect(itemsOf(read(freshdesk, body))).toMatchObject([
      {
        deliveryId: null,
        type: "ticket.updated",
        nature: "hint",
        order: { kind: "none" },
        occurredAtMs: Date.UTC(2026, 0, 1, 5, 36, 7),
        entity: {
          kind: "case",
          key: "35436",
          data: { status: "pending", priority: "normal", requesterEmail: "jörg@example.com", extra: { tags: "vip, größe" } },
        },
      },
    ]);
  });

  const ticket = {
    "ticket.id": "35436",
    "ticket.status": "Solved",
    "ticket.priority": "Urgent",
    "ticket.requester.id": "111",
    "ticket.organization.id": "222",
    "ticket.created_at_with_timestamp": "2026-01-01T05:35Z",
    "ticket.updated_at_with_timestamp": "2026-01-01T05:36Z",
  };

  it("for Zendesk triggers is a hint that carries the ticket, known by its invocation", () => {
    const body = rendered("zendesk/trigger-template.json", { ...ticket, "ticket.external_id": "", "ticket.tags": "vip größe" });
    expect(itemsOf(read(zendeskTrigger, body, { "x-zendesk-webhook-invocation-id": "8350205582" }))).toMatchObject([
      {
        deliveryId: "8350205582",
        type: "ticket.updated",
        nature: "hint",
        occurredAtMs: Date.UTC(2026, 0, 1, 5, 36),
        entity: {
          kind: "case",
          key: "35436",
          data: { status: "resolved", priority: "urgent", customerId: "222", requesterId: "111", openedAt: "2026-01-01T05:35:00.000Z" },
        },
      },
    ]);
    const [withoutId] = itemsOf(read(zendeskTrigger, body));
    expect(withoutId?.deliveryId).toBeNull();
  });

  it("that a value breaks are not understood, in the parser's words", () => {
    const broken = rendered("zendesk/trigger-template.json", { ...ticket, "ticket.tags": 'a "quoted" word' });
    expect(read(zendeskTrigger, broken)).toMatchObject({
      ok: false,
      failure: { kind: "unintelligible", detail: expect.stringMatching(/not JSON: .+/) },
    });
  });
});
