import { PATHS } from "../paths.ts";
import type { Page } from "../visit.ts";
import { alertsPage } from "./alerts.tsx";
import { auditPage } from "./audit.tsx";
import { deadLetterPage } from "./dead-letter.tsx";
import { deadLettersPage } from "./dead-letters.tsx";
import { destinationsPage } from "./destinations.tsx";
import { driftPage } from "./drift.tsx";
import { entityPage } from "./entity.tsx";
import { eventPage } from "./event.tsx";
import { eventsPage } from "./events.tsx";
import { findingPage } from "./finding.tsx";
import { flowPage } from "./flow.tsx";
import { flowsPage } from "./flows.tsx";
import { newReplayPage } from "./new-replay.tsx";
import { overviewPage } from "./overview.tsx";
import { ownershipPage } from "./ownership.tsx";
import { replayPage } from "./replay.tsx";
import { replaysPage } from "./replays.tsx";
import { slaPage } from "./sla.tsx";
import { slasPage } from "./slas.tsx";
import { sourcePage, sourcesPage } from "./sources.tsx";
import { tracePage } from "./trace.tsx";

/** Every page that is only looked at. */
export const PAGES: readonly (readonly [string, Page])[] = [
  [PATHS.overview, overviewPage],
  [PATHS.alerts, alertsPage],
  [PATHS.events, eventsPage],
  ["/ops/events/:id", eventPage],
  ["/ops/entities/:kind/:key", entityPage],
  [PATHS.trace, tracePage],
  [PATHS.deadLetters, deadLettersPage],
  ["/ops/dead-letters/:id", deadLetterPage],
  [PATHS.drift, driftPage],
  ["/ops/drift/:id", findingPage],
  [PATHS.replays, replaysPage],
  [PATHS.newReplay, newReplayPage],
  ["/ops/replays/:id", replayPage],
  [PATHS.flows, flowsPage],
  ["/ops/flows/:id", flowPage],
  [PATHS.destinations, destinationsPage],
  [PATHS.sources, sourcesPage],
  ["/ops/sources/:name", sourcePage],
  [PATHS.slas, slasPage],
  ["/ops/slas/:name", slaPage],
  [PATHS.ownership, ownershipPage],
  [PATHS.audit, auditPage],
];
