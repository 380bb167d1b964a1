import { TestPage } from './connection-test/TestPage';
import { useRoute, type Route } from './core/route';
import { Landing } from './landing/Landing';
import { RoomPage } from './room/RoomPage';
import { ErrorBoundary } from './ui/ErrorBoundary';
import { Toaster } from './ui/Toaster';

export function App() {
  const route = useRoute();
  return (
    <ErrorBoundary>
      <Page route={route} />
      <Toaster />
    </ErrorBoundary>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case 'landing':
      return <Landing />;
    case 'test':
      return <TestPage />;
    case 'room':
      return <RoomPage key={route.room} roomName={route.room} />;
  }
}
