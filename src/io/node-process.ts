/**
 * Facts about this process for INFO, and its signals. Reading memory and CPU use costs a few system
 * calls: for INFO and cron, not for the path of a command.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, machine, release, totalmem, type } from 'node:os';
import { resolve } from 'node:path';
import type { ProcessCpu, ProcessFacts, ProcessMemory, Signal } from './world.ts';

const OOM_SCORE_ADJ = '/proc/self/oom_score_adj';
const LIMITS = '/proc/self/limits';

export function nodeProcess(): ProcessFacts {
  return new NodeProcess();
}

class NodeProcess implements ProcessFacts {
  readonly pid: number = process.pid;
  readonly executable: string = resolve(process.argv[1] ?? process.execPath);
  readonly os: string = `${type()} ${release()} ${machine()}`;
  readonly archBits: 32 | 64 = ['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390'].includes(arch()) ? 32 : 64;
  readonly nodeVersion: string = process.version;
  readonly totalMemoryBytes: number = totalmem();
  readonly mostOpenFiles: number = openFilesLimit();
  readonly workingDirectory: string = process.cwd();

  memory(): ProcessMemory {
    const now = process.memoryUsage();
    return {
      rssBytes: now.rss,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      heapUsedBytes: now.heapUsed,
      heapTotalBytes: now.heapTotal,
      externalBytes: now.external,
    };
  }

  cpu(): ProcessCpu {
    const used = process.cpuUsage();
    return { userMicros: used.user, systemMicros: used.system };
  }

  onSignal(signal: Signal, task: () => void): () => void {
    process.on(signal, task);
    return () => process.off(signal, task);
  }

  setTitle(title: string): void {
    process.title = title;
  }

  oomScoreAdj(): number {
    return Number(readFileSync(OOM_SCORE_ADJ, 'latin1'));
  }

  setOomScoreAdj(score: number): void {
    writeFileSync(OOM_SCORE_ADJ, `${score}\n`);
  }
}

/** Node raises the soft limit to the hard one when it starts. */
function openFilesLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync(LIMITS, 'latin1'));
    return found === null ? Infinity : Number(found[1]);
  } catch {
    return Infinity;
  }
}
