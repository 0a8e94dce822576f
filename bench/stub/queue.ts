/** A queue that takes every message and keeps none: what is measured is the Worker that sends. */
export default {
  fetch: async (request: Request): Promise<Response> => {
    await request.arrayBuffer();
    return Response.json({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: 0 } } });
  },
};
