import i18next from 'i18next';
import en from './en';
import chinese from './zh-CN';

// A namespace of their own, loaded with the settings.
i18next.addResourceBundle('en', 'picture', en);
i18next.addResourceBundle('zh-CN', 'picture', chinese);
