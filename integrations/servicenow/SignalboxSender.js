/**
 * Script include SignalboxSender, scope global. A business rule puts events into the outbox with `enqueue`, a scheduled job
 * sends them with `dispatch`: signed, and again with the same event id until they are answered with a 2xx.
 */
var SignalboxSender = Class.create();

/** Fields that are sent of each table, as raw values. A table that is not named here sends all of its fields. */
SignalboxSender.FIELDS = {
  sn_customerservice_case: [
    "short_description",
    "description",
    "state",
    "priority",
    "account",
    "contact",
    "consumer",
    "opened_at",
    "closed_at",
    "correlation_id",
  ],
  incident: ["short_description", "description", "state", "priority", "company", "caller_id", "opened_at", "closed_at", "correlation_id"],
  customer_account: ["name", "customer", "email", "phone", "country", "active", "correlation_id"],
  customer_contact: ["name", "email", "phone", "country", "account", "active", "correlation_id"],
  service_entitlement: ["name", "account", "contract", "product", "start_date", "end_date", "active", "correlation_id"],
};

SignalboxSender.prototype = {
  OUTBOX: "u_signalbox_outbox",
  /** Waits 2, 4, 8 and at most 60 minutes between attempts: a day in all. */
  MOST_ATTEMPTS: 30,
  LONGEST_DELAY_SECONDS: 3600,
  MOST_ROWS: 200,
  TIMEOUT_MS: 10000,
  LONGEST_ERROR: 300,

  initialize: function () {},

  /** Never makes the save fail: what cannot be put into the outbox is in the log. */
  enqueue: function (current, operation) {
    try {
      var event = this.envelopeOf(current, operation);
      var row = new GlideRecord(this.OUTBOX);
      row.initialize();
      row.setValue("u_event_id", event.eventId);
      row.setValue("u_body", this.serialize(event));
      row.setValue("u_state", "waiting");
      row.setValue("u_attempts", 0);
      row.setValue("u_next_attempt", new GlideDateTime().getValue());
      if (!row.insert()) throw new Error("the outbox refused the row");
    } catch (failure) {
      gs.error("Signalbox was not told of " + current.getTableName() + " " + current.getUniqueValue() + ": " + failure);
    }
  },

  /** The record as it is now; with a deletion as it was, one version later and at this time. */
  envelopeOf: function (current, operation) {
    var deleted = operation === "delete";
    var event = {
      eventId: String(gs.generateGUID()),
      instance: String(gs.getProperty("instance_name")),
      table: String(current.getTableName()),
      sys_id: String(current.getUniqueValue()),
      action: String(operation),
      sys_mod_count: Number(current.getValue("sys_mod_count") || 0) + (deleted ? 1 : 0),
      // The raw value is UTC, whatever the user's time zone.
      sys_updated_on: deleted ? new GlideDateTime().getValue() : current.getValue("sys_updated_on"),
    };
    var names = this.fieldNames(current);
    for (var at = 0; at < names.length; at++) {
      var value = current.getValue(names[at]);
      if (value !== null && value !== undefined && value !== "") event[names[at]] = String(value);
    }
    return event;
  },

  fieldNames: function (current) {
    var named = SignalboxSender.FIELDS[current.getTableName()];
    if (named) return current.isValidField("number") ? ["number"].concat(named) : named;
    var names = [];
    var elements = current.getElements();
    for (var at = 0; at < elements.length; at++) {
      var name = String(elements[at].getName());
      if (name.indexOf("sys_") !== 0) names.push(name);
    }
    return names;
  },

  /** JSON in ASCII: what is signed and what is sent are then the same bytes in every character set. */
  serialize: function (event) {
    return JSON.stringify(event).replace(/[\u007f-\uffff]/g, function (unit) {
      return "\\u" + ("000" + unit.charCodeAt(0).toString(16)).slice(-4);
    });
  },

  dispatch: function () {
    var rows = new GlideRecord(this.OUTBOX);
    rows.addQuery("u_state", "waiting");
    rows.addQuery("u_next_attempt", "<=", new GlideDateTime().getValue());
    rows.orderBy("sys_created_on");
    rows.setLimit(this.MOST_ROWS);
    rows.query();
    while (rows.next()) {
      var failure = this.post(String(rows.getValue("u_body")));
      if (failure === null) rows.deleteRecord();
      else this.postpone(rows, failure);
    }
  },

  /** Null if it was taken, else why not. */
  post: function (body) {
    try {
      var timestamp = String(Math.floor(new Date().getTime() / 1000));
      var request = new sn_ws.RESTMessageV2();
      request.setEndpoint(gs.getProperty("signalbox.url"));
      request.setHttpMethod("POST");
      request.setHttpTimeout(this.TIMEOUT_MS);
      request.setRequestHeader("Content-Type", "application/json; charset=utf-8");
      request.setRequestHeader("x-signalbox-timestamp", timestamp);
      request.setRequestHeader("x-signalbox-signature", this.sign(timestamp + "." + body));
      request.setRequestBody(body);
      var status = Number(request.execute().getStatusCode());
      return status >= 200 && status < 300 ? null : "status " + status;
    } catch (failure) {
      return String(failure);
    }
  },

  /** generateMac takes the key in base64, and gives base64. */
  sign: function (text) {
    var key = GlideStringUtil.base64Encode(String(gs.getProperty("signalbox.secret")));
    return String(new GlideCertificateEncryption().generateMac(key, "HmacSHA256", text));
  },

  postpone: function (row, failure) {
    var attempts = Number(row.getValue("u_attempts") || 0) + 1;
    var next = new GlideDateTime();
    next.addSeconds(Math.min(this.LONGEST_DELAY_SECONDS, 60 * Math.pow(2, attempts)));
    row.setValue("u_attempts", attempts);
    row.setValue("u_next_attempt", next.getValue());
    row.setValue("u_error", failure.slice(0, this.LONGEST_ERROR));
    if (attempts >= this.MOST_ATTEMPTS) {
      row.setValue("u_state", "failed");
      gs.error("Signalbox did not take " + row.getValue("u_event_id") + " after " + attempts + " attempts: " + failure);
    }
    row.update();
  },

  type: "SignalboxSender",
};
