import type { ConnectionDiagnostics, Room } from '@kaigi/client';
import { useEffect, useState } from 'react';

const lookMilliseconds = 2000;
const none: readonly ConnectionDiagnostics[] = [];

/** The connections as they are, looked at anew every two seconds while somebody watches. */
export function useDiagnostics(room: Room, watched: boolean): readonly ConnectionDiagnostics[] {
  const [connections, setConnections] = useState(none);
  useEffect(() => {
    if (!watched) return;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const found = await room.diagnostics();
      if (over) return;
      setConnections(found.connections);
      timer = setTimeout(() => void look(), lookMilliseconds);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [room, watched]);
  return connections;
}
