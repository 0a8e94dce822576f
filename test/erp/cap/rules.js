export const rules = () => undefined;
