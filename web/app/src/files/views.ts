import './texts';
import './files.css';

export { AttachButton } from './AttachButton';
export { FileCard } from './FileCard';
export { MeetingFiles } from './MeetingFiles';
export { SnapshotButton } from './SnapshotButton';
export { Tray } from './Tray';
