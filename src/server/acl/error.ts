/** Why a rule is refused, in Redis's words. */
export class AclError extends Error {
  override name = 'AclError';

  static readonly unknownCommand: AclError = new AclError('Unknown command or category name in ACL');
  static readonly syntax: AclError = new AclError('Syntax error');
  static readonly keysAfterAll: AclError = new AclError(
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. " +
      "Try 'resetkeys' to start with an empty list of patterns",
  );
  static readonly channelsAfterAll: AclError = new AclError(
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. " +
      "Try 'resetchannels' to start with an empty list of channels",
  );
  static readonly noSuchPassword: AclError = new AclError(
    'The password you are trying to remove from the user does not exist',
  );
  static readonly badHash: AclError = new AclError(
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
  );
  static readonly duplicate: AclError = new AclError(
    'Duplicate user found. A user can only be defined once in config files',
  );
  static readonly partOfSubcommand: AclError = new AclError('Allowing first-arg of a subcommand is not supported');
}
