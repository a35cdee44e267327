/**
 * The ACL file: a line `user <name> <rules>` for each user, blanks between words, no quotes and no comments. It is read as
 * a whole or not at all.
 */
import { AclError } from './error.ts';
import { hasSpaces } from './selector.ts';
import { joinSelectors, type User } from './user.ts';

const nothingDone = 'WARNING: ACL errors detected, no change to the previously active ACL rules was performed';

/** Returns the users in the file, or everything that is wrong with it, in one line. `newUser` makes one without rights. */
export function readAclFile(path: string, text: string, newUser: (name: string) => User): Map<string, User> | string {
  const users = new Map<string, User>();
  const problems: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
    if (line === '') continue;
    const place = `${path}:${index + 1}`;
    const [keyword, name, ...words] = line.split(' ');
    if (keyword !== 'user' || name === undefined) {
      problems.push(`${place} should start with user keyword followed by the username. `);
      continue;
    }
    if (hasSpaces(name)) {
      problems.push(`'${place}: username '${name}' contains invalid characters. `);
      continue;
    }
    if (users.has(name)) {
      problems.push(`WARNING: Duplicate user '${name}' found on line ${index + 1}. `);
      continue;
    }
    const user = newUser(name);
    users.set(name, user);
    const { rules, unmatched } = joinSelectors(words);
    if (unmatched !== undefined) problems.push(`${place}: Unmatched parenthesis in selector definition.`);
    else problems.push(...applyRules(user, rules, place));
  }
  return problems.length === 0 ? users : problems.join('') + nothingDone;
}

/** Unknown names are all told; of other errors only the first, as it may have caused the rest. */
function applyRules(user: User, rules: readonly string[], place: string): string[] {
  const problems: string[] = [];
  let told = false;
  for (const rule of rules) {
    const word = rule.replace(/^[\t\r\n]+|[\t\r\n]+$/g, '');
    const problem = refusal(user, word);
    if (problem === undefined) continue;
    if (problem === AclError.unknownCommand)
      problems.push(`${place}: Error in applying operation '${word}': ${problem.message}. `);
    else if (!told) {
      told = true;
      problems.push(`${place}: ${problem.message}. `);
    }
  }
  return problems;
}

/** Applies a rule; returns why it cannot be applied. */
export function refusal(user: User, rule: string): AclError | undefined {
  try {
    user.apply(rule);
    return undefined;
  } catch (error) {
    if (error instanceof AclError) return error;
    throw error;
  }
}
