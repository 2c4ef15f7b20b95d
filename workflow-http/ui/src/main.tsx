import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Gate } from './Gate';
import './theme.css';

createRoot(document.getElementById('page')!).render(
  <StrictMode>
    <Gate />
  </StrictMode>,
);
