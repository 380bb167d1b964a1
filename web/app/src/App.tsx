import { useRoute } from './core/route';
import { Landing } from './landing/Landing';
import { RoomPage } from './room/RoomPage';
import { ErrorBoundary } from './ui/ErrorBoundary';
import { Toaster } from './ui/Toaster';

export function App() {
  const route = useRoute();
  return (
    <ErrorBoundary>
      {route.page === 'landing' ? <Landing /> : <RoomPage key={route.room} roomName={route.room} />}
      <Toaster />
    </ErrorBoundary>
  );
}
