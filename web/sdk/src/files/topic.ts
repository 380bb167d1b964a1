/** Topics that begin so are the SDK's own: applications neither send nor see them. */
export const RESERVED_TOPICS = 'kaigi.';
/** What two clients say about files. */
export const FILE_TOPIC = 'kaigi.file';
