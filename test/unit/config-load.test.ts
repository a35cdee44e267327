import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseArguments } from '../../src/cli/arguments.ts';
import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/commands/table.ts';
import { Config } from '../../src/server/config/config.ts';
import { ConfigFileError, ConfigOpenError } from '../../src/server/config/error.ts';
import { configLimits, loadConfig } from '../../src/server/config/load.ts';
import { quoteWord, splitWords } from '../../src/base/words.ts';

/** Loads `main.conf` of a directory in memory. */
function load(files: { readonly [path: string]: string }, options?: string, stdin?: string): Config {
  const config = new Config({ cwd: '/etc', checkDirectory: () => {} });
  const read = (path: string): Uint8Array => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT', errno: -2 });
    return Buffer.from(text, 'latin1');
  };
  const list = (directory: string): string[] =>
    Object.keys(files)
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => path.slice(directory.length + 1).split('/')[0]!);
  const sources = {
    file: files['/etc/main.conf'] === undefined ? undefined : 'main.conf',
    options,
    stdin: stdin === undefined ? undefined : Buffer.from(stdin),
  };
  loadConfig(config, sources, { read, list }, new CommandTable(families));
  return config;
}

function refusal(files: { readonly [path: string]: string }, options?: string, stdin?: string): string {
  try {
    load(files, options, stdin);
  } catch (error) {
    if (error instanceof ConfigFileError) return error.report('Headwater 1.2.3');
    if (error instanceof ConfigOpenError) return error.message;
    throw error;
  }
  return assert.fail('accepted');
}

test('a bad directive is reported with its file and line', () => {
  assert.equal(
    refusal({ '/etc/main.conf': '# x\n\n  bogus 3  \n' }),
    '\n*** FATAL CONFIG FILE ERROR (Headwater 1.2.3) ***\n' +
      'Reading the configuration file, at line 3 (/etc/main.conf)\n' +
      ">>> 'bogus 3'\n" +
      'Bad directive or wrong number of arguments\n',
  );
});

test('a bad directive of an included file is reported with that file', () => {
  const report = refusal({ '/etc/main.conf': 'include more/x.conf', '/etc/more/x.conf': 'hz 1\nport x' });
  assert.match(report, /at line 2 \(\/etc\/more\/x\.conf\)\n>>> 'port x'\n/);
});

test('standard input and the command line are named as such', () => {
  assert.match(refusal({}, undefined, 'hz 1\nbogus'), /at line 2 \(standard input\)\n>>> 'bogus'/);
  assert.match(refusal({}, 'bogus "1" '), /Reading the command line\n>>> 'bogus "1"'/);
});

test('the file, then standard input, then the command line: what comes later wins', () => {
  const config = load({ '/etc/main.conf': 'hz 11\ntimeout 1\nport 1' }, 'hz 13', 'hz 12\ntimeout 2');
  assert.deepEqual([config.settings.hz, config.settings.timeout, config.settings.port], [13, 2, 1]);
  assert.equal(config.configFile, '/etc/main.conf');
});

test('includes are looked for in the working directory of that moment', () => {
  const config = load({ '/etc/main.conf': 'dir /data\ninclude x.conf', '/data/x.conf': 'hz 77' });
  assert.equal(config.settings.hz, 77);
});

test('wildcards of an include work in every part of a path', () => {
  const config = load({
    '/etc/main.conf': 'include /opt/*/c?nf/[ab].conf',
    '/opt/one/conf/a.conf': 'timeout 1',
    '/opt/two/conf/b.conf': 'hz 22',
    '/opt/two/conf/c.conf': 'bogus',
  });
  assert.deepEqual([config.settings.timeout, config.settings.hz], [1, 22]);
});

test('includes in a circle end with an error, also when they double', () => {
  assert.match(refusal({ '/etc/main.conf': 'include main.conf' }), /nested deeper than 16/);
  const wide: { [path: string]: string } = { '/etc/main.conf': 'include l1.conf' };
  for (let i = 1; i <= 14; i++) wide[`/etc/l${i}.conf`] = `include l${i + 1}.conf\n`.repeat(2);
  wide['/etc/l15.conf'] = '';
  assert.match(refusal(wide), new RegExp(`more than ${configLimits.maxFiles} configuration files`));
});

test('a line beyond the limit is refused without being printed in full', () => {
  const report = refusal({ '/etc/main.conf': `masterauth ${'x'.repeat(configLimits.maxLineBytes)}` });
  assert.match(report, /line too long/);
  assert.ok(report.length < 500);
});

test('what would break a promise is refused, its default is not', () => {
  for (const line of ['cluster-enabled yes', 'tls-cluster yes', 'loadmodule x.so']) {
    assert.match(refusal({ '/etc/main.conf': line }), /not supported|cannot be loaded/, line);
  }
  load({ '/etc/main.conf': 'cluster-enabled no\ntls-cluster no' });
});

test('renamed commands are kept in order, and a freed name may be taken', () => {
  const config = load({
    '/etc/main.conf': 'rename-command CONFIG ""\nrename-command get CONFIG\nrename-command Set s2',
  });
  assert.deepEqual(config.renamedCommands, [
    { from: 'config', to: '' },
    { from: 'get', to: 'config' },
    { from: 'set', to: 's2' },
  ]);
  assert.match(refusal({ '/etc/main.conf': 'rename-command get set' }), /Target command name already exists/);
});

test('users are collected, with selectors in one piece; wrong rules are told with their place', () => {
  const config = load({ '/etc/main.conf': 'user alice on >p (~x:* +get)\nuser default off +nosuch' });
  assert.deepEqual(config.users, [
    ['alice', 'on', '>p', '(~x:* +get)'],
    ['default', 'off', '+nosuch'],
  ]);
  for (const [text, reason] of [
    ['user alice on what', /Error in user declaration 'what': Syntax error/],
    ['user alice ~* ~x', /Error in user declaration '~x': Adding a pattern after the \* pattern/],
    ['user a on\nuser a off', /Error in user declaration 'a': Duplicate user found/],
    ['user a (+get', /Error in user declaration '\(\+get': Unmatched parenthesis/],
  ] as const)
    assert.match(refusal({ '/etc/main.conf': text }), reason, text);
});

test('splitting gives back every quoted word', () => {
  const bytes = fc.uint8Array({ maxLength: 20, size: 'max' }).map((array) => Buffer.from(array).toString('latin1'));
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 40, size: 'max' }), (words) => {
      assert.deepEqual(splitWords(words.map(quoteWord).join(' \t')), words);
    }),
  );
});

test('no text crashes the loader', () => {
  const word = fc.constantFrom(
    ...['port', 'save', 'include', 'user', 'bind', 'client-output-buffer-limit', 'rename-command', 'get', 'dir'],
    ...[
      'maxmemory',
      '"',
      "'",
      '\\',
      '\\x',
      '\0',
      ' ',
      '\n',
      '#',
      '*',
      '[',
      '1',
      '-1',
      '900',
      'normal',
      'main.conf',
      '\u00ff',
    ],
  );
  const anything = fc.uint8Array({ maxLength: 40, size: 'max' }).map((array) => Buffer.from(array).toString('latin1'));
  const text = fc.oneof(
    fc.array(word, { maxLength: 60, size: 'max' }).map((words) => words.join(' ')),
    anything,
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        load({ '/etc/main.conf': content });
      } catch (error) {
        if (!(error instanceof ConfigFileError) && !(error instanceof ConfigOpenError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});

test('arguments choose what to do', () => {
  assert.deepEqual(parseArguments(['-v']), { action: 'version' });
  assert.deepEqual(parseArguments(['--version', 'x']), { action: 'version' });
  assert.deepEqual(parseArguments(['-h']), { action: 'help' });
  assert.deepEqual(parseArguments(['--help']), { action: 'help' });
  assert.equal(parseArguments(['--test-memory', '10']).action, 'refuse');
  assert.equal(parseArguments(['--check-system']).action, 'refuse');
  assert.equal(parseArguments(['x.conf', '--port', '1', '--sentinel']).action, 'refuse');
  assert.deepEqual(parseArguments([]), { action: 'run', file: undefined, stdin: false, options: '' });
  assert.deepEqual(parseArguments(['-']), { action: 'run', file: undefined, stdin: true, options: '' });
  assert.deepEqual(parseArguments(['a.conf', '--port', '1', '-']), {
    action: 'run',
    file: 'a.conf',
    stdin: true,
    options: 'port "1" ',
  });
});

test('an argument in any script arrives as its bytes', () => {
  const parsed = parseArguments(['--masterauth', 'pä"ß']);
  assert.ok(parsed.action === 'run');
  assert.deepEqual(splitWords(parsed.options), ['masterauth', Buffer.from('pä"ß').toString('latin1')]);
});
