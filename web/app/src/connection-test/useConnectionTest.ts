import { testConnection, type ConnectionTestReport } from '@kaigi/client';
import { useCallback, useEffect, useRef, useState } from 'react';

/** The test of this page's own server: runs at once, and again when asked. */
export function useConnectionTest(): {
  report: ConnectionTestReport | undefined;
  /** When the last test ended. */
  endedAt: Date | undefined;
  stop: () => void;
  again: () => void;
} {
  const [round, setRound] = useState(0);
  const [report, setReport] = useState<ConnectionTestReport>();
  const [endedAt, setEndedAt] = useState<Date>();
  const controller = useRef<AbortController>(undefined);

  useEffect(() => {
    const own = (controller.current = new AbortController());
    const left = { page: false };
    void (async () => {
      for await (const next of testConnection('/', { signal: own.signal })) {
        if (left.page) return;
        setReport(next);
        if (next.verdict !== undefined) setEndedAt(new Date());
      }
    })();
    return () => {
      left.page = true;
      own.abort();
    };
  }, [round]);

  const stop = useCallback(() => controller.current?.abort(), []);
  const again = useCallback(() => {
    setReport(undefined);
    setRound((rounds) => rounds + 1);
  }, []);
  return { report, endedAt, stop, again };
}
