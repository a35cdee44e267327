/** No bytes. One for all: making an empty array takes longer than many a command does for the rest of its work. */
export const NOTHING: Uint8Array = new Uint8Array(0);
