/**
 * Sends what waits in the outbox, signed, and takes out what was answered with a 2xx. The rest is sent again with the same
 * event id after 2, 4, 8 and at most 60 minutes; after 30 attempts, a day, it is marked as failed and left for a person.
 *
 * @NApiVersion 2.1
 * @NScriptType MapReduceScript
 * @NModuleScope SameAccount
 */
define(["N/record", "N/runtime", "N/search", "N/https", "N/crypto", "N/encode", "N/log", "./signalbox_envelope"], (
  record,
  runtime,
  search,
  https,
  crypto,
  encode,
  log,
  envelope,
) => {
  const OUTBOX = "customrecord_signalbox_outbox";
  const MOST_ATTEMPTS = 30;
  const LONGEST_DELAY_MINUTES = 60;
  const LONGEST_ERROR = 300;

  const parameter = (name) => runtime.getCurrentScript().getParameter({ name: `custscript_signalbox_${name}` });

  const nowMinutes = () => Math.floor(Date.now() / 60000);

  const getInputData = () =>
    search.create({
      type: OUTBOX,
      filters: [["custrecord_signalbox_state", "is", "waiting"], "and", ["custrecord_signalbox_next", "lessthanorequalto", nowMinutes()]],
      columns: [search.createColumn({ name: "internalid", sort: search.Sort.ASC })],
    });

  const map = (context) => {
    const { id } = JSON.parse(context.value);
    // A search would cut the body off.
    const row = record.load({ type: OUTBOX, id });
    const failure = post(row.getValue({ fieldId: "custrecord_signalbox_body" }));
    if (failure === null) record.delete({ type: OUTBOX, id });
    else postpone(row, failure);
  };

  /** Null if it was taken, else why not. */
  const post = (body) => {
    try {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const headers = envelope.headersFor(timestamp, hmac(envelope.signedText(timestamp, body)));
      const { code } = https.post({ url: parameter("url"), body, headers });
      return code >= 200 && code < 300 ? null : `status ${code}`;
    } catch (error) {
      return String((error && error.message) || error);
    }
  };

  const hmac = (text) => {
    const key = crypto.createSecretKey({ secret: parameter("secret") || "custsecret_signalbox", encoding: encode.Encoding.UTF_8 });
    const mac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
    mac.update({ input: text, inputEncoding: encode.Encoding.UTF_8 });
    return mac.digest({ outputEncoding: encode.Encoding.HEX });
  };

  const postpone = (row, failure) => {
    const attempts = Number(row.getValue({ fieldId: "custrecord_signalbox_attempts" }) || 0) + 1;
    record.submitFields({
      type: OUTBOX,
      id: row.id,
      values: {
        custrecord_signalbox_attempts: attempts,
        custrecord_signalbox_next: nowMinutes() + Math.min(LONGEST_DELAY_MINUTES, 2 ** attempts),
        custrecord_signalbox_error: failure.slice(0, LONGEST_ERROR),
        custrecord_signalbox_state: attempts >= MOST_ATTEMPTS ? "failed" : "waiting",
      },
    });
    if (attempts >= MOST_ATTEMPTS) log.error({ title: `Signalbox did not take outbox row ${row.id}`, details: failure });
  };

  const summarize = (summary) =>
    summary.mapSummary.errors.iterator().each((key, error) => {
      log.error({ title: `Signalbox outbox row ${key}`, details: error });
      return true;
    });

  return { getInputData, map, summarize };
});
