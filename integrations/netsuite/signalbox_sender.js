/**
 * Puts an event into the outbox after every save of a record. Never makes the save fail.
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(["N/record", "N/runtime", "N/search", "N/format", "N/task", "N/log", "N/crypto/random", "./signalbox_envelope"], (
  record,
  runtime,
  search,
  format,
  task,
  log,
  random,
  envelope,
) => {
  const OUTBOX = "customrecord_signalbox_outbox";

  const parameter = (name) => runtime.getCurrentScript().getParameter({ name: `custscript_signalbox_${name}` }) || "";

  const counterOf = (saved, field) => Number((saved && saved.getValue({ fieldId: field })) || 0);

  /** Counts the record's versions, in a field of its own if there is one: nothing else in NetSuite does. */
  const beforeSubmit = (context) => {
    const field = parameter("seq_field");
    if (!field || context.type === context.UserEventType.DELETE) return;
    try {
      const last = context.type === context.UserEventType.CREATE ? 0 : counterOf(context.oldRecord, field);
      context.newRecord.setValue({ fieldId: field, value: last + 1 });
    } catch (error) {
      log.error({ title: `Signalbox cannot count in ${field} of ${context.newRecord.type}`, details: error });
    }
  };

  const afterSubmit = (context) => {
    try {
      if (String(runtime.getCurrentUser().id) === parameter("own_user")) return;
      const event = eventOf(context);
      if (Object.keys(event.fields).length === 0) return;
      enqueue(event);
      wakeDispatcher();
    } catch (error) {
      log.error({ title: `Signalbox was not told of ${context.newRecord.type} ${context.newRecord.id}`, details: error });
    }
  };

  const eventOf = (context) => {
    const { type, UserEventType, newRecord, oldRecord } = context;
    const common = {
      eventId: random.generateUUID(),
      account: runtime.accountId,
      recordType: newRecord.type,
      internalId: newRecord.id,
      eventType: type,
      further: parameter("fields"),
    };
    if (type === UserEventType.DELETE) return deletion(common, oldRecord);
    return type === UserEventType.XEDIT ? inlineEdit(common, newRecord) : wholeRecord(common);
  };

  /** The deletion is one version later than the last that was saved. */
  const deletion = (common, oldRecord) => {
    const field = parameter("seq_field");
    return envelope.build({
      ...common,
      record: oldRecord,
      lastModified: new Date(),
      seq: field ? counterOf(oldRecord, field) + 1 : null,
    });
  };

  /** Only the edited fields are in the record then. */
  const inlineEdit = (common, newRecord) => {
    const field = parameter("seq_field");
    const columns = field ? ["lastmodifieddate", field] : ["lastmodifieddate"];
    const found = search.lookupFields({ type: common.recordType, id: common.internalId, columns });
    return envelope.build({
      ...common,
      record: newRecord,
      edited: newRecord.getFields(),
      // The text is in the user's format and time zone; format.parse knows both.
      lastModified: found.lastmodifieddate ? format.parse({ value: found.lastmodifieddate, type: format.Type.DATETIMETZ }) : new Date(),
      seq: field ? Number(found[field] || 0) : null,
    });
  };

  /** Read anew: other scripts may have changed it after it was submitted, and some events bring a part of it only. */
  const wholeRecord = (common) => {
    const field = parameter("seq_field");
    const saved = record.load({ type: common.recordType, id: common.internalId });
    const lastModified = saved.getValue({ fieldId: "lastmodifieddate" });
    return envelope.build({
      ...common,
      record: saved,
      lastModified: lastModified || new Date(),
      seq: field ? counterOf(saved, field) : null,
    });
  };

  const enqueue = (event) => {
    const row = record.create({ type: OUTBOX });
    const values = {
      name: `${event.recordType} ${event.internalId} ${event.eventType}`,
      custrecord_signalbox_event_id: event.eventId,
      custrecord_signalbox_body: envelope.serialize(event),
      custrecord_signalbox_state: "waiting",
      custrecord_signalbox_attempts: 0,
      custrecord_signalbox_next: 0,
    };
    for (const [fieldId, value] of Object.entries(values)) row.setValue({ fieldId, value });
    row.save();
  };

  /** One that runs already, or none that is free, is no failure: the schedule comes round. */
  const wakeDispatcher = () => {
    try {
      task.create({ taskType: task.TaskType.MAP_REDUCE, scriptId: "customscript_signalbox_dispatcher" }).submit();
    } catch (error) {
      log.debug({ title: "Signalbox dispatcher not started", details: error });
    }
  };

  return { beforeSubmit, afterSubmit };
});
