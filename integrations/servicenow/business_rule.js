/** Business rule "Tell Signalbox": after insert, update and delete, in order 10000. One for each table. */
(function executeRule(current) {
  new SignalboxSender().enqueue(current, String(current.operation()));
})(current);
