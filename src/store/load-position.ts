/** Where the data of a file stands in a replication stream, as its AUX fields tell; `replid` is empty when they do not. */
export class LoadedPosition {
  replid = '';
  replOffset = -1;
  /** -1: named, but no database of ours. */
  streamDb = 0;

  /** Takes an AUX field, if it is about that. `databases`: how many we have. */
  note(name: string, text: string, databases: number): void {
    if (name === 'repl-id') {
      if (text.length === REPLID_BYTES) this.replid = text;
    } else if (name === 'repl-offset') {
      const offset = Number(text);
      if (Number.isSafeInteger(offset)) this.replOffset = offset;
    } else if (name === 'repl-stream-db') {
      const index = Number(text);
      this.streamDb = Number.isInteger(index) && index >= 0 && index < databases ? index : -1;
    }
  }
}

const REPLID_BYTES = 40;
