export const guard = (request, response, next) => next();
