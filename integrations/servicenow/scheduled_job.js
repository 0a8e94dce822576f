/** Scheduled script execution "Send to Signalbox": periodically, every minute. */
new SignalboxSender().dispatch();
