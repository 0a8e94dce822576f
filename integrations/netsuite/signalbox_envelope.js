/**
 * What Signalbox is told of a record, and how it is signed. It only reads the record it is given.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define([], () => {
  /**
   * Fields that are sent of each record type: name in the envelope, how it is read, and the ids in NetSuite where they
   * are not the same, of which the first that has a value counts. `day` is a date, `time` a date with its time.
   */
  const FIELDS = {
    salesorder: {
      entity: ["text"],
      orderstatus: ["text"],
      total: ["text"],
      trandate: ["day"],
      opportunity: ["text"],
      otherrefnum: ["text"],
      memo: ["text"],
    },
    invoice: {
      entity: ["text"],
      createdfrom: ["text"],
      opportunity: ["text"],
      status: ["text", "statusRef", "status"],
      total: ["text"],
      amountremaining: ["text"],
      amountpaid: ["text"],
      trandate: ["day"],
      duedate: ["day"],
      memo: ["text"],
    },
    customer: {
      companyname: ["text", "companyname", "altname"],
      entityid: ["text"],
      email: ["text"],
      phone: ["text"],
      vatregnumber: ["text"],
      billcountry: ["text"],
      stage: ["text"],
      isinactive: ["text"],
    },
    itemfulfillment: {
      entity: ["text"],
      createdfrom: ["text"],
      shipstatus: ["text"],
      shipcarrier: ["text"],
      linkedtrackingnumbers: ["text"],
      trandate: ["day"],
    },
    opportunity: {
      title: ["text"],
      status: ["text", "statusRef", "status"],
      projectedtotal: ["text"],
      entity: ["text"],
      salesrep: ["text"],
      expectedclosedate: ["day"],
    },
    supportcase: {
      casenumber: ["text"],
      title: ["text"],
      status: ["text"],
      priority: ["text"],
      company: ["text"],
      contact: ["text"],
      email: ["text"],
      createddate: ["time"],
    },
  };

  const isDate = (value) => Object.prototype.toString.call(value) === "[object Date]";
  const two = (number) => String(number).padStart(2, "0");

  /** NetSuite gives a date without a time as midnight where the script runs: its day is the one shown there. */
  const dayOf = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

  /** UTC, in the whole seconds that NetSuite keeps. */
  const isoTime = (date) => `${date.toISOString().slice(0, 19)}Z`;

  /** Amounts and ids go as text, so that nothing on the way rounds them. */
  const plain = (value, as) => {
    if (value === null || value === undefined || value === "") return null;
    if (isDate(value)) return as === "day" ? dayOf(value) : isoTime(value);
    if (Array.isArray(value)) return value.map(String);
    return typeof value === "boolean" ? value : String(value);
  };

  const firstValue = (record, [as, ...ids]) => {
    for (const fieldId of ids) {
      const value = plain(record.getValue({ fieldId }), as);
      if (value !== null) return value;
    }
    return null;
  };

  /** `custbody_region, custbody_live:day` as further fields. */
  const furtherFields = (list) =>
    Object.fromEntries(
      (list || "")
        .split(",")
        .map((entry) => entry.trim().split(":"))
        .filter(([id]) => id)
        .map(([id, as]) => [id, [as || "text"]]),
    );

  /** The code of the record's currency, if that is how the account names its currencies. */
  const currencyCode = (record) => {
    try {
      const name = record.getText({ fieldId: "currency" });
      return /^[A-Z]{3}$/.test(name) ? name : null;
    } catch (_) {
      return null;
    }
  };

  const without = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));

  /** All fields of a record; or, with `edited`, those of them, an emptied one as null. */
  const fieldsOf = (record, recordType, { edited, further }) => {
    const known = { ...(FIELDS[recordType] || {}), ...furtherFields(further) };
    const fields = {};
    for (const [name, [as, ...ids]] of Object.entries(known)) {
      const sources = ids.length === 0 ? [name] : ids;
      if (edited && !sources.some((id) => edited.includes(id))) continue;
      fields[name] = firstValue(record, [as, ...sources]);
    }
    if (edited) return fields;
    return without({ ...fields, currencycode: currencyCode(record) });
  };

  /**
   * The envelope of one event. `record` is the record after the change, or before its deletion; `edited` are the ids of
   * the fields that an inline edit changed; `lastModified` is a Date; `seq` the record's counter, or null.
   */
  const build = ({
    eventId,
    account,
    record,
    recordType,
    internalId,
    eventType,
    lastModified,
    seq = null,
    edited = null,
    further = "",
  }) => ({
    ...without({
      eventId,
      account,
      recordType,
      internalId: String(internalId),
      tranId: edited ? null : plain(record.getValue({ fieldId: "tranid" }), "text"),
      externalId: edited ? null : plain(record.getValue({ fieldId: "externalid" }), "text"),
      subsidiary: edited ? null : plain(record.getValue({ fieldId: "subsidiary" }), "text"),
      eventType,
      seq,
      lastModified: isoTime(lastModified),
    }),
    fields: fieldsOf(record, recordType, { edited, further }),
  });

  /** JSON in ASCII, whose bytes are the same in every character set that a request may be written in. */
  const serialize = (envelope) =>
    JSON.stringify(envelope).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

  /** What is signed, with HMAC-SHA256. */
  const signedText = (timestamp, body) => `${timestamp}.${body}`;

  /** N/crypto writes hex in capitals; Signalbox accepts the lower case only. */
  const headersFor = (timestamp, hex) => ({
    "Content-Type": "application/json; charset=utf-8",
    "x-signalbox-timestamp": timestamp,
    "x-signalbox-signature": hex.toLowerCase(),
  });

  return { build, serialize, signedText, headersFor };
});
