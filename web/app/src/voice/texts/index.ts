import i18next from 'i18next';
import en from './en';
import chinese from './zh-CN';

// A namespace of their own: `Voice` and the dialogs that come when they are opened bring it with them.
i18next.addResourceBundle('en', 'voice', en);
i18next.addResourceBundle('zh-CN', 'voice', chinese);
